/*
 * bytes.h - a fuzzer's input, taken apart; zeros follow its end.
 */
#ifndef MIDPOOL_TESTS_FUZZ_BYTES_H
#define MIDPOOL_TESTS_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct bytes {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t
bytes_take(struct bytes *bytes)
{
    if (bytes->left == 0)
        return 0;
    bytes->left--;
    return *bytes->at++;
}

static inline uint32_t
bytes_take_word(struct bytes *bytes)
{
    uint32_t low = bytes_take(bytes);

    return low | (uint32_t)bytes_take(bytes) << 8;
}

/* Reports a fault by ending the program, for the fuzzer to see. */
#define REQUIRE(claim)                                                         \
    ((claim) ? (void)0                                                         \
             : (fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,     \
                        #claim),                                               \
                abort()))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
