/*
 * assert.h - Criterion's comparisons of values of a type, in its short names,
 * which stand within an assertion.
 */
#ifndef MIDPOOL_TESTS_TSAN_CRITERION_NEW_ASSERT_H
#define MIDPOOL_TESTS_TSAN_CRITERION_NEW_ASSERT_H

/* 0 when equal, below and above it as strcmp(3) has it. */
#define TSAN_ORDER(name, type)                                                 \
    static inline int tsan_order_##name(type one, type two)                    \
    {                                                                          \
        return (one > two) - (one < two);                                      \
    }
TSAN_ORDER(chr, char)
TSAN_ORDER(int, int)
TSAN_ORDER(sz, size_t)
TSAN_ORDER(u8, uint8_t)
TSAN_ORDER(u32, uint32_t)
TSAN_ORDER(u64, uint64_t)
TSAN_ORDER(i64, int64_t)
#define tsan_order_str strcmp

#define not(condition) (!(condition))
#define eq(type, one, two) (tsan_order_##type(one, two) == 0)
#define lt(type, one, two) (tsan_order_##type(one, two) < 0)
#define le(type, one, two) (tsan_order_##type(one, two) <= 0)
#define gt(type, one, two) (tsan_order_##type(one, two) > 0)
#define ge(type, one, two) (tsan_order_##type(one, two) >= 0)

#endif
