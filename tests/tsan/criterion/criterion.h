/*
 * criterion.h - as much of Criterion as the tests of pool and interpose use,
 * for the thread sanitizer: Criterion itself maps memory where that has its
 * own. Each test is a process here as well (run.c); a message is the condition
 * that did not hold.
 */
#ifndef MIDPOOL_TESTS_TSAN_CRITERION_H
#define MIDPOOL_TESTS_TSAN_CRITERION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tsan_options {
    void (*init)(void);
    void (*fini)(void);
    unsigned timeout; /* seconds; 0: the runner's */
};

struct tsan_test {
    const char *suite;
    const char *name; /* NULL: the suite's options */
    void (*body)(void);
    struct tsan_options options;
    struct tsan_test *next;
};

/* Called by constructors, in a file's order. */
void tsan_register(struct tsan_test *test);

/* Both end the test's process. format: what the test has to say of it. */
_Noreturn void tsan_fail(const char *file, int line, const char *what,
                         const char *format, ...)
    __attribute__((format(printf, 4, 5)));
_Noreturn void tsan_skip(const char *why);

#define TSAN_REGISTER(id, suite_name, test_name, function, ...)                \
    __attribute__((constructor)) static void id##_register(void)               \
    {                                                                          \
        static struct tsan_test test = {                                       \
            .suite = suite_name,                                               \
            .name = test_name,                                                 \
            .body = function,                                                  \
            .options = {__VA_ARGS__},                                          \
        };                                                                     \
        tsan_register(&test);                                                  \
    }

#define Test(suite, name, ...)                                                 \
    static void suite##_##name##_body(void);                                   \
    TSAN_REGISTER(suite##_##name, #suite, #name, suite##_##name##_body,        \
                  ##__VA_ARGS__)                                               \
    static void suite##_##name##_body(void)

#define TestSuite(suite, ...)                                                  \
    TSAN_REGISTER(suite##_suite, #suite, NULL, NULL, ##__VA_ARGS__)            \
    struct tsan_test

#define TSAN_CLAIM(condition, ...)                                             \
    ((condition)                                                               \
         ? (void)0                                                             \
         : tsan_fail(__FILE__, __LINE__, #condition, "\n" __VA_ARGS__))

#define cr_assert(condition, ...) TSAN_CLAIM(condition, __VA_ARGS__)
#define cr_assert_not(condition, ...) TSAN_CLAIM(!(condition), __VA_ARGS__)
#define cr_assert_null(value, ...) TSAN_CLAIM((value) == NULL, __VA_ARGS__)
#define cr_assert_not_null(value, ...) TSAN_CLAIM((value) != NULL, __VA_ARGS__)
#define cr_assert_eq(one, two, ...) TSAN_CLAIM((one) == (two), __VA_ARGS__)
#define cr_assert_neq(one, two, ...) TSAN_CLAIM((one) != (two), __VA_ARGS__)
#define cr_assert_lt(one, two, ...) TSAN_CLAIM((one) < (two), __VA_ARGS__)
#define cr_assert_leq(one, two, ...) TSAN_CLAIM((one) <= (two), __VA_ARGS__)
#define cr_assert_gt(one, two, ...) TSAN_CLAIM((one) > (two), __VA_ARGS__)
#define cr_assert_geq(one, two, ...) TSAN_CLAIM((one) >= (two), __VA_ARGS__)
#define cr_assert_str_eq(one, two, ...)                                        \
    TSAN_CLAIM(strcmp(one, two) == 0, __VA_ARGS__)
#define cr_assert_str_empty(text, ...) TSAN_CLAIM(*(text) == '\0', __VA_ARGS__)
#define cr_skip(why) tsan_skip(why)
#define cr_malloc(bytes) malloc(bytes)

#endif
