/* SPDX-License-Identifier: MIT */
/* chat_page: the page that joins the room in a browser, chat.html, as text. */
#ifndef COMMON_SERVICE_CHAT_PAGE_H
#define COMMON_SERVICE_CHAT_PAGE_H

extern const char CHAT_PAGE[];

#endif
