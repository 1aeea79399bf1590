/* SPDX-License-Identifier: MIT */
/* http_slice: the classes of all bytes, and lists. */
#include "common/net/http_slice.h"

/* The classes of letters and digits. */
enum { ALL = HTTP_TOKEN | HTTP_TARGET | HTTP_HOST | HTTP_IN_LINE };

const unsigned char HTTP_CLASSES[256] = {
    ['\t'] = HTTP_IN_LINE,
    [' '] = HTTP_IN_LINE,
    ['!'] = ALL,
    ['"'] = HTTP_IN_LINE,
    ['#'] = HTTP_TOKEN | HTTP_IN_LINE,
    ['$'] = ALL,
    ['%'] = HTTP_TOKEN | HTTP_IN_LINE,
    ['&' ... '\''] = ALL,
    ['(' ... ')'] = HTTP_TARGET | HTTP_HOST | HTTP_IN_LINE,
    ['*' ... '+'] = ALL,
    [','] = HTTP_TARGET | HTTP_HOST | HTTP_IN_LINE,
    ['-' ... '.'] = ALL,
    ['/'] = HTTP_TARGET | HTTP_IN_LINE,
    ['0' ... '9'] = ALL | HTTP_HEX,
    [':'] = HTTP_TARGET | HTTP_IN_LINE,
    [';'] = HTTP_TARGET | HTTP_HOST | HTTP_IN_LINE,
    ['<'] = HTTP_IN_LINE,
    ['='] = HTTP_TARGET | HTTP_HOST | HTTP_IN_LINE,
    ['>'] = HTTP_IN_LINE,
    ['?' ... '@'] = HTTP_TARGET | HTTP_IN_LINE,
    ['A' ... 'F'] = ALL | HTTP_HEX,
    ['G' ... 'Z'] = ALL,
    ['[' ... ']'] = HTTP_IN_LINE,
    ['^'] = HTTP_TOKEN | HTTP_IN_LINE,
    ['_'] = ALL,
    ['`'] = HTTP_TOKEN | HTTP_IN_LINE,
    ['a' ... 'f'] = ALL | HTTP_HEX,
    ['g' ... 'z'] = ALL,
    ['{'] = HTTP_IN_LINE,
    ['|'] = HTTP_TOKEN | HTTP_IN_LINE,
    ['}'] = HTTP_IN_LINE,
    ['~'] = ALL,
    [0x80 ... 0xff] = HTTP_IN_LINE,
};

bool
http_lists(struct http_slice text, const char *word)
{
	while (text.len > 0) {
		if (http_is(http_trim(http_cut_at(&text, ',')), word))
			return true;
	}
	return false;
}
