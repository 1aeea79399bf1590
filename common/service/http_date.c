/* SPDX-License-Identifier: MIT */
/* http_date: from Unix time, without libc. */
#include "common/service/http_date.h"

#include <string.h>

static void
two_digits(char *at, unsigned long value)
{
	at[0] = (char)('0' + value / 10 % 10);
	at[1] = (char)('0' + value % 10);
}

/*
 * gmtime_r(3) would read the time zone file in each forked child. Years begin
 * in March here, so that a leap day is the last day; 146097 days are 400 years,
 * 153 days are five months of 31 and 30.
 */
void
http_date(char *out, unsigned long second)
{
	static const char days[] = "ThuFriSatSunMonTueWed",
			  months[] = "MarAprMayJunJulAugSepOctNovDecJanFeb";
	unsigned long number = second / 86400, of_day = second % 86400;
	unsigned long day = number + 719468; /* from 0000-03-01 */
	unsigned long of_era = day % 146097;
	unsigned long year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned long of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned long month = (5 * of_year + 2) / 153;

	memcpy(out, "xxx, xx xxx xxxx xx:xx:xx GMT", HTTP_DATE_LEN);
	year += day / 146097 * 400 + (month >= 10);
	memcpy(out, days + number % 7 * 3, 3);
	two_digits(out + 5, of_year - (153 * month + 2) / 5 + 1);
	memcpy(out + 8, months + month * 3, 3);
	two_digits(out + 12, year / 100);
	two_digits(out + 14, year);
	two_digits(out + 17, of_day / 3600);
	two_digits(out + 20, of_day / 60 % 60);
	two_digits(out + 23, of_day % 60);
}
