# SPDX-License-Identifier: MIT
# check.mk: how `client lab check` builds a student's servers, in build/check:
# the pair, the services and the accept loop with amplifier.c, the rest as it is.
#	make -f docs/labs/check.mk VARIANT=check build/check/server_thread
.DEFAULT_GOAL := amplified
include Makefile

CFLAGS = -O1 # for the compiler to be fast

AMPLIFIED := $(SERVERS:%=$(BUILD)/%.o) $(patsubst %.c,$(BUILD)/%.o,\
    $(wildcard common/service/*.c common/server/*.c))
WRAPPED   := pthread_create pthread_mutex_lock pthread_mutex_trylock \
    pthread_mutex_timedlock sleep usleep nanosleep \
    clock_nanosleep poll

$(AMPLIFIED): ALL_CFLAGS += -fsanitize=thread
$(BUILD)/docs/labs/amplifier.o: WARNINGS := -w
$(PLAINS): $(BUILD)/docs/labs/amplifier.o
$(PLAINS): LDFLAGS += $(WRAPPED:%=-Wl,--wrap=%)

.PHONY: amplified
amplified: $(PLAINS)
