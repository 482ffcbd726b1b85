/*
 * json_check.h - is it one JSON text (RFC 8259)? For fuzz targets.
 */
#ifndef MIDPOOL_TESTS_FUZZ_JSON_CHECK_H
#define MIDPOOL_TESTS_FUZZ_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

bool json_is_valid(const char *text, size_t length);

#endif
