/* parameterized.h - is in criterion.h here. */
