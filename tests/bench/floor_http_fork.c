/* SPDX-License-Identifier: MIT */
/* floor_http_fork: floor_http.h in a forked child for each connection. */
#include "tests/bench/floor_http.h"

int
main(int argc, char **argv)
{
	floor_forks(floor_listen(argc, argv), floor_serve_http);
}
