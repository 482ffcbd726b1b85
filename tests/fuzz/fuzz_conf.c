/*
 * fuzz_conf.c - MIDPOOL_CONF and report_file patterns from any bytes.
 *
 * For any input, the resulting options are the same after they were printed and
 * read back.
 */
#include <limits.h>
#include <string.h>

#include "bytes.h"
#include "options.h"
#include "pattern.h"

enum { TEXT_MAX = 4096, DESCRIPTION_MAX = 8192 };

static void
complain(const char *line, size_t length)
{
    REQUIRE(length > 0 && line[length - 1] == '\n');
    REQUIRE(memchr(line, '\n', length) == line + length - 1);
}

static void
check_description(const struct options *options)
{
    static char first[DESCRIPTION_MAX];
    static char second[DESCRIPTION_MAX];
    static struct options again;
    char cut[40];
    size_t length = options_describe(options, first, sizeof(first));

    REQUIRE(length == strlen(first) && length < sizeof(first) - 1);
    options_init(&again);
    options_parse(&again, first, complain);
    options_describe(&again, second, sizeof(second));
    REQUIRE(strcmp(first, second) == 0);
    REQUIRE(options_describe(options, cut, sizeof(cut)) == strlen(cut));
    REQUIRE(strncmp(first, cut, strlen(cut)) == 0);
}

static void
check_pattern(const char *text)
{
    static const struct pattern_values values = {
        .pid = 1,
        .parent = 2,
        .start_seconds = 3,
        .number = 4,
        .executable = "/bin/x",
        .host = "../h",
    };
    static char path[PATH_MAX];
    bool expanded =
        pattern_expand(text, "/d", &values, path, sizeof(path)) == 0;

    REQUIRE(pattern_is_valid(text) || !expanded);
    REQUIRE(!expanded || path[0] == '/');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TEXT_MAX + 1];
    static struct options options;
    struct pool_config config;

    if (size > TEXT_MAX)
        size = TEXT_MAX;
    memcpy(text, data, size);
    text[size] = '\0';
    options_init(&options);
    options_parse(&options, text, complain);
    options_pool_config(&options, &config);
    check_description(&options);
    check_pattern(text);
    return 0;
}
