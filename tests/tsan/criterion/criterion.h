/*
 * criterion.h - as much of Criterion as the unit tests use, for the thread
 * sanitizer, since Criterion itself maps memory where that has its own, and for
 * emulated programs, where Criterion's own processes abort. Each test is
 * a process here as well (run.c), each parameter one too; a message is the
 * condition that did not hold, and the first of them ends the test.
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

struct criterion_test_params {
    size_t size; /* bytes of one parameter */
    void *params;
    size_t length;
};

struct tsan_test {
    const char *suite;
    const char *name; /* NULL: the suite's options */
    void (*body)(void);
    void (*body_of)(void *parameter);
    struct criterion_test_params (*parameters)(void); /* NULL: body has none */
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

#define TSAN_REGISTER(id, suite_name, ...)                                     \
    __attribute__((constructor)) static void id##_register(void)               \
    {                                                                          \
        static struct tsan_test test = {                                       \
            .suite = suite_name,                                               \
            __VA_ARGS__,                                                       \
        };                                                                     \
        tsan_register(&test);                                                  \
    }

#define Test(suite, name_, ...)                                                \
    static void suite##_##name_##_body(void);                                  \
    TSAN_REGISTER(suite##_##name_, #suite, .name = #name_,                     \
                  .body = suite##_##name_##_body, .options = {__VA_ARGS__})    \
    static void suite##_##name_##_body(void)

#define TestSuite(suite, ...)                                                  \
    TSAN_REGISTER(suite##_suite, #suite, .options = {__VA_ARGS__})             \
    struct tsan_test

#define ParameterizedTestParameters(suite, name_)                              \
    static struct criterion_test_params suite##_##name_##_parameters(void)

#define ParameterizedTest(parameter, suite, name_)                             \
    static void suite##_##name_##_body(parameter);                             \
    static void suite##_##name_##_body_of(void *any)                           \
    {                                                                          \
        suite##_##name_##_body(any);                                           \
    }                                                                          \
    TSAN_REGISTER(suite##_##name_, #suite, .name = #name_,                     \
                  .body_of = suite##_##name_##_body_of,                        \
                  .parameters = suite##_##name_##_parameters)                  \
    static void suite##_##name_##_body(parameter)

#define cr_make_param_array(type, array, count)                                \
    ((struct criterion_test_params){sizeof(type), array, count})

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
#define cr_assert_float_eq(one, two, epsilon, ...)                             \
    TSAN_CLAIM((one) - (two) <= (epsilon) && (two) - (one) <= (epsilon),       \
               __VA_ARGS__)
#define cr_assert_str_eq(one, two, ...)                                        \
    TSAN_CLAIM(strcmp(one, two) == 0, __VA_ARGS__)
#define cr_assert_str_neq(one, two, ...)                                       \
    TSAN_CLAIM(strcmp(one, two) != 0, __VA_ARGS__)
#define cr_assert_arr_eq(one, two, bytes, ...)                                 \
    TSAN_CLAIM(memcmp(one, two, bytes) == 0, __VA_ARGS__)
#define cr_assert_str_empty(text, ...) TSAN_CLAIM(*(text) == '\0', __VA_ARGS__)
/* These go on in Criterion; here the first that does not hold is the last. */
#define cr_expect cr_assert
#define cr_expect_not cr_assert_not
#define cr_expect_null cr_assert_null
#define cr_expect_not_null cr_assert_not_null
#define cr_expect_eq cr_assert_eq
#define cr_expect_neq cr_assert_neq
#define cr_expect_lt cr_assert_lt
#define cr_expect_leq cr_assert_leq
#define cr_expect_gt cr_assert_gt
#define cr_expect_geq cr_assert_geq
#define cr_expect_str_eq cr_assert_str_eq
#define cr_expect_str_neq cr_assert_str_neq
#define cr_expect_str_empty cr_assert_str_empty
#define cr_fatal(...) tsan_fail(__FILE__, __LINE__, "this place", __VA_ARGS__)
#define cr_log_info(...) printf(__VA_ARGS__), putchar('\n')
#define cr_skip(why) tsan_skip(why)
#define cr_skip_test(why) tsan_skip(why)
#define cr_malloc(bytes) malloc(bytes)

#endif
