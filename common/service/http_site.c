/* SPDX-License-Identifier: MIT */
/* http_site: to be replaced by the real one. */
#include "common/service/http_site.h"
void http_site_serve(struct conn *conn, const struct service_context *context,
    const struct http_page *pages, const char *early, size_t early_len)
{ (void)conn;(void)context;(void)pages;(void)early;(void)early_len; }
