/*
 * frame_rule.h - rules that lead from a stack frame to its caller's.
 *
 * Purpose   Reads the unwind table of a file for one instruction and packs the
 *           part that most code needs into one word, which can be kept
 *           (frame_walk.h).
 * Model     The caller's stack pointer (CFA) is the stack or frame pointer plus
 *           a distance, or is read from memory at a distance from the frame
 *           pointer, as in functions that align their stack. The return
 *           address lies below it. The caller's frame pointer is the present
 *           one or is read from memory at a distance. Other rules are
 *           FRAME_COMPLEX: signal frames, other registers and expressions,
 *           tables of another form.
 * Safety    Pure functions over tables that the loader mapped, within the
 *           object's bounds.
 * Sources   DWARF 5, section 6.4; Linux Standard Base 5, "Exception Frames".
 */
#ifndef MIDPOOL_INTERPOSE_FRAME_RULE_H
#define MIDPOOL_INTERPOSE_FRAME_RULE_H

#include <stdint.h>

enum frame_kind {
    FRAME_NONE,    /* an empty word */
    FRAME_STEP,    /* the rule tells the caller's frame */
    FRAME_END,     /* there is no caller, or no table of it */
    FRAME_COMPLEX, /* the rule does not fit here */
};

enum frame_base { FRAME_OF_STACK, FRAME_OF_FRAME, FRAME_IN_MEMORY };
enum frame_saved { FRAME_SAME, FRAME_AT_CFA, FRAME_AT_FRAME };

/* A single word, because shifts and masks make shorter code than fields. */
struct frame_rule {
    uint64_t word;
};

static inline enum frame_kind
frame_rule_kind(struct frame_rule rule)
{
    return (enum frame_kind)(rule.word & 3);
}

/* The base of the CFA. */
static inline enum frame_base
frame_rule_base(struct frame_rule rule)
{
    return (enum frame_base)(rule.word >> 2 & 3);
}

/* The place of the caller's frame pointer. */
static inline enum frame_saved
frame_rule_saved(struct frame_rule rule)
{
    return (enum frame_saved)(rule.word >> 4 & 3);
}

/* Bytes from the base to the CFA. */
static inline intptr_t
frame_rule_cfa(struct frame_rule rule)
{
    return (int32_t)(rule.word >> 32);
}

/* Bytes from the CFA or the frame pointer to the caller's frame pointer. */
static inline intptr_t
frame_rule_offset(struct frame_rule rule)
{
    return (int16_t)(rule.word >> 16);
}

/* A loaded file with an unwind table. */
struct frame_object {
    uintptr_t start; /* addresses [start, end) */
    uintptr_t end;
    const void *header; /* its .eh_frame_hdr */
};

/* The rule at the instruction that holds pc. */
struct frame_rule frame_rule_find(const struct frame_object *object,
                                  uintptr_t pc);

/*
 * A hash of the object's bounds and of the size and last entry of its table. It
 * almost certainly differs if another object is loaded at the same place.
 */
uint64_t frame_object_stamp(const struct frame_object *object);

#endif
