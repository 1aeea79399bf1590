/* SPDX-License-Identifier: MIT */
/* report_css: how the report's page looks, report.css, as text. */
#ifndef COMMON_REPORT_REPORT_CSS_H
#define COMMON_REPORT_REPORT_CSS_H

extern const char REPORT_CSS[];

#endif
