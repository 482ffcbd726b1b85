/* frame_rule.c - see frame_rule.h. */
#include "frame_rule.h"

#include <stdbool.h>
#include <string.h>

/* DWARF's numbers of x86-64's registers. */
enum { REGISTER_FRAME = 6, REGISTER_STACK = 7, REGISTER_RETURN = 16 };

/* DW_EH_PE_...: the encodings of pointers that today's linkers emit. */
enum { AS_U32 = 0x03, AS_S32_HERE = 0x1b, AS_S32_HEADER = 0x3b };

enum { REMEMBERED = 4, OP_BREG = 0x70, OP_DEREF = 0x06 };
enum { WORD_BYTES = 8 };

/* .eh_frame_hdr: a head, then pairs of the address of a function and entry. */
struct header {
    uint8_t version;
    uint8_t frame_form;
    uint8_t count_form;
    uint8_t pair_form;
    int32_t frame;
    uint32_t count;
    struct pair {
        int32_t function; /* relative to the header */
        int32_t entry;
    } pair[];
};

/* Reads bytes one after the other. */
struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool bad; /* there was an attempt to read beyond the end */
};

/* A table's rule for one register, or for the CFA. */
enum place { PLACE_SAME, PLACE_CFA, PLACE_FRAME, PLACE_NONE, PLACE_OTHER };

struct state {
    enum frame_base base;
    bool odd; /* the CFA follows a rule that struct frame_rule cannot hold */
    int64_t cfa;
    enum place place[2]; /* of the frame pointer, of the return address */
    int64_t offset[2];
};

enum { OF_FRAME, OF_RETURN };

struct program {
    struct state now;
    struct state first; /* after the common part */
    struct state kept[REMEMBERED];
    unsigned depth;
    uint64_t code_unit;
    int64_t data_unit;
    uintptr_t pc; /* where the rule is wanted */
    uintptr_t at;
    bool complex;
};

static uint64_t
take(struct cursor *from, unsigned bytes)
{
    uint64_t value = 0;

    if ((size_t)(from->end - from->at) < bytes) {
        from->bad = true;
        from->at = from->end;
        return 0;
    }
    memcpy(&value, from->at, bytes); /* x86-64 is little-endian */
    from->at += bytes;
    return value;
}

static uint64_t
take_uleb(struct cursor *from)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint64_t byte;

    do {
        byte = take(from, 1);
        if (shift < 64)
            value |= (byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    return value;
}

static int64_t
take_sleb(struct cursor *from)
{
    const uint8_t *first = from->at;
    uint64_t value = take_uleb(from);
    unsigned bits = 7 * (unsigned)(from->at - first);

    if (bits > 0 && bits < 64 && (value >> (bits - 1) & 1) != 0)
        value |= ~UINT64_C(0) << bits;
    return (int64_t)value;
}

static void
set_place(struct program *run, uint64_t number, enum place place,
          int64_t offset)
{
    unsigned of = number == REGISTER_FRAME ? OF_FRAME : OF_RETURN;

    if (number == REGISTER_STACK) /* in usual code it is the CFA */
        run->complex = true;
    if (number != REGISTER_FRAME && number != REGISTER_RETURN)
        return;
    run->now.place[of] = place;
    run->now.offset[of] = offset;
}

static void
restore(struct program *run, uint64_t number)
{
    unsigned of = number == REGISTER_FRAME ? OF_FRAME : OF_RETURN;

    set_place(run, number, run->first.place[of], run->first.offset[of]);
}

static void
set_base(struct program *run, uint64_t number)
{
    run->now.base = number == REGISTER_FRAME ? FRAME_OF_FRAME : FRAME_OF_STACK;
    run->now.odd = number != REGISTER_FRAME && number != REGISTER_STACK;
}

/*
 * Reads an expression: a distance from the frame pointer, or, with *loaded, the
 * word in memory there. False: it is another expression.
 */
static bool
take_expression(struct cursor *from, int64_t *offset, bool *loaded)
{
    uint64_t bytes = take_uleb(from);
    struct cursor inner = {from->at, from->at + bytes, false};
    bool known;

    if (bytes > (size_t)(from->end - from->at)) {
        from->bad = true;
        return false;
    }
    from->at = inner.end;
    known = take(&inner, 1) == OP_BREG + REGISTER_FRAME;
    *offset = take_sleb(&inner);
    *loaded = !inner.bad && inner.at < inner.end;
    if (*loaded)
        known = known && take(&inner, 1) == OP_DEREF;
    return known && !inner.bad && inner.at == inner.end;
}

static void
set_cfa_expression(struct program *run, struct cursor *from)
{
    bool loaded = false;

    run->now.odd = !take_expression(from, &run->now.cfa, &loaded);
    run->now.base = loaded ? FRAME_IN_MEMORY : FRAME_OF_FRAME;
}

static void
set_expression(struct program *run, struct cursor *from)
{
    uint64_t number = take_uleb(from);
    int64_t offset = 0;
    bool loaded = false;
    bool known = take_expression(from, &offset, &loaded) && !loaded;

    set_place(run, number, known ? PLACE_FRAME : PLACE_OTHER, offset);
}

static void
remember(struct program *run)
{
    if (run->depth == REMEMBERED)
        run->complex = true;
    else
        run->kept[run->depth++] = run->now;
}

static void
recall(struct program *run)
{
    if (run->depth == 0)
        run->complex = true;
    else
        run->now = run->kept[--run->depth];
}

/* Moves on in the code. False: the wanted instruction lies before that. */
static bool
advance(struct program *run, uint64_t units)
{
    run->at += units * run->code_unit;
    return run->at <= run->pc;
}

static void
offset_at(struct program *run, uint64_t number, int64_t units)
{
    set_place(run, number, PLACE_CFA, units * run->data_unit);
}

/* Executes a DW_CFA_... that sets a register; any other makes it complex. */
static void
step_register(struct program *run, struct cursor *from, unsigned code)
{
    uint64_t number;

    switch (code) {
    case 0x05: /* offset_extended */
        number = take_uleb(from);
        offset_at(run, number, (int64_t)take_uleb(from));
        break;
    case 0x06: /* restore_extended */
        restore(run, take_uleb(from));
        break;
    case 0x07: /* undefined */
        set_place(run, take_uleb(from), PLACE_NONE, 0);
        break;
    case 0x08: /* same_value */
        set_place(run, take_uleb(from), PLACE_SAME, 0);
        break;
    case 0x10:
        set_expression(run, from);
        break;
    case 0x11: /* offset_extended_sf */
        number = take_uleb(from);
        offset_at(run, number, take_sleb(from));
        break;
    default:
        run->complex = true;
        break;
    }
}

/* Executes a DW_CFA_... that sets the CFA; step_register does all others. */
static void
step_frame(struct program *run, struct cursor *from, unsigned code)
{
    switch (code) {
    case 0x00: /* nop */
        break;
    case 0x0a:
        remember(run);
        break;
    case 0x0b:
        recall(run);
        break;
    case 0x0c: /* def_cfa */
        set_base(run, take_uleb(from));
        run->now.cfa = (int64_t)take_uleb(from);
        break;
    case 0x0d: /* def_cfa_register */
        set_base(run, take_uleb(from));
        break;
    case 0x0e: /* def_cfa_offset */
        run->now.cfa = (int64_t)take_uleb(from);
        break;
    case 0x0f:
        set_cfa_expression(run, from);
        break;
    case 0x12: /* def_cfa_sf */
        set_base(run, take_uleb(from));
        run->now.cfa = take_sleb(from) * run->data_unit;
        break;
    case 0x13: /* def_cfa_offset_sf */
        run->now.cfa = take_sleb(from) * run->data_unit;
        break;
    case 0x2e: /* GNU_args_size, which concerns exceptions only */
        (void)take_uleb(from);
        break;
    default:
        step_register(run, from, code);
        break;
    }
}

/* Executes one DW_CFA_... . False: the rest concerns later instructions. */
static bool
step(struct program *run, struct cursor *from)
{
    unsigned code = (unsigned)take(from, 1);
    unsigned low = code & 0x3f;

    switch (code) {
    case 0x02: /* advance_loc1, 2, 4 */
        return advance(run, take(from, 1));
    case 0x03:
        return advance(run, take(from, 2));
    case 0x04:
        return advance(run, take(from, 4));
    default:
        break;
    }
    if (code >> 6 == 1) /* advance_loc */
        return advance(run, low);
    if (code >> 6 == 2) /* offset */
        offset_at(run, low, (int64_t)take_uleb(from));
    else if (code >> 6 == 3)
        restore(run, low);
    else
        step_frame(run, from, code);
    return true;
}

static void
execute(struct program *run, struct cursor *from)
{
    while (from->at < from->end && !run->complex && step(run, from))
        continue;
    if (from->bad)
        run->complex = true;
}

/*
 * The bytes of an entry (FDE) or of a common part (CIE) after its length. They
 * are bad if they do not lie within the object.
 */
static struct cursor
open_entry(const struct frame_object *object, const uint8_t *at)
{
    struct cursor in = {at, (const uint8_t *)object->end, false};
    uint64_t bytes;

    if ((uintptr_t)at < object->start || (uintptr_t)at >= object->end) {
        in.at = in.end;
        in.bad = true;
        return in;
    }
    bytes = take(&in, 4);
    if (bytes == 0 || bytes > (size_t)(in.end - in.at))
        in.bad = true; /* 0xffffffff, the 64-bit form, is among them */
    else
        in.end = in.at + bytes;
    return in;
}

/* Reads what the letters after 'z' name. False: unknown, or a signal frame. */
static bool
take_augmentation(struct cursor *in, const char *letter)
{
    uint64_t form;
    bool found = false;

    for (; *letter != '\0'; letter++) {
        if (*letter == 'R') {
            if (take(in, 1) != AS_S32_HERE)
                return false;
            found = true;
        } else if (*letter == 'L') {
            (void)take(in, 1);
        } else if (*letter == 'P') {
            form = take(in, 1) & 0x0f;
            if (form == 0x00 || form == 0x04 || form == 0x0c)
                (void)take(in, 8);
            else if (form == 0x03 || form == 0x0b)
                (void)take(in, 4);
            else
                return false;
        } else {
            return false;
        }
    }
    return found && !in->bad;
}

/* Reads a string shorter than `bytes`. False: it is longer, or has no end. */
static bool
take_string(struct cursor *in, char *letter, unsigned bytes)
{
    for (unsigned count = 0; count < bytes; count++) {
        letter[count] = (char)take(in, 1);
        if (letter[count] == '\0')
            return !in->bad;
    }
    return false;
}

/* Executes the common part (CIE) of entries. False: it has another form. */
static bool
run_common(struct program *run, struct cursor in)
{
    char letter[8];
    uint64_t version;
    struct cursor extra;

    if (in.bad || take(&in, 4) != 0)
        return false;
    version = take(&in, 1);
    if ((version != 1 && version != 3) ||
        !take_string(&in, letter, sizeof letter) || letter[0] != 'z')
        return false;
    run->code_unit = take_uleb(&in);
    run->data_unit = take_sleb(&in);
    if ((version == 1 ? take(&in, 1) : take_uleb(&in)) != REGISTER_RETURN)
        return false;
    uint64_t bytes = take_uleb(&in);
    if (bytes > (size_t)(in.end - in.at))
        return false;
    extra = (struct cursor){in.at, in.at + bytes, false};
    in.at = extra.end;
    if (!take_augmentation(&extra, letter + 1))
        return false;
    run->now.place[OF_RETURN] = PLACE_SAME;
    execute(run, &in);
    run->first = run->now;
    return !run->complex;
}

static struct frame_rule
plain(enum frame_kind kind)
{
    return (struct frame_rule){(uint64_t)kind};
}

static struct frame_rule
rule_of(const struct state *now)
{
    static const enum frame_saved saved[] = {FRAME_SAME, FRAME_AT_CFA,
                                             FRAME_AT_FRAME, FRAME_SAME};
    enum place frame = now->place[OF_FRAME];

    if (now->place[OF_RETURN] == PLACE_NONE)
        return plain(FRAME_END);
    if (now->odd || frame == PLACE_OTHER || now->cfa != (int32_t)now->cfa ||
        now->offset[OF_FRAME] != (int16_t)now->offset[OF_FRAME] ||
        now->place[OF_RETURN] != PLACE_CFA ||
        now->offset[OF_RETURN] != -WORD_BYTES)
        return plain(FRAME_COMPLEX);
    return (struct frame_rule){FRAME_STEP | (uint64_t)now->base << 2 |
                               (uint64_t)saved[frame] << 4 |
                               (uint64_t)(uint16_t)now->offset[OF_FRAME] << 16 |
                               (uint64_t)(uint32_t)now->cfa << 32};
}

/*
 * An address without an entry ends the stack, unless it is that of Linux's
 * return from a signal handler: mov $15, %rax; syscall.
 */
static struct frame_rule
without_entry(const struct frame_object *object, uintptr_t pc)
{
    static const uint8_t code[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
    uintptr_t next = pc + 1;

    if (object->end - next < sizeof code ||
        memcmp((const void *)next, code, sizeof code) != 0)
        return plain(FRAME_END);
    return plain(FRAME_COMPLEX);
}

/* The entry's rule for the instruction at pc, which may lie after its end. */
static struct frame_rule
run_entry(const struct frame_object *object, const uint8_t *entry, uintptr_t pc)
{
    struct program run = {.pc = pc};
    struct cursor in = open_entry(object, entry);
    const uint8_t *at = in.at;
    uint64_t back = take(&in, 4);
    uintptr_t function;

    if (in.bad || back == 0 || back > (uintptr_t)at)
        return plain(FRAME_COMPLEX);
    if (!run_common(&run, open_entry(object, at - back)))
        return plain(FRAME_COMPLEX);
    function = (uintptr_t)in.at;
    function += (uintptr_t)(int64_t)(int32_t)take(&in, 4);
    if (pc < function || pc - function >= take(&in, 4))
        return without_entry(object, pc);
    back = take_uleb(&in); /* bytes of the data for exceptions */
    if (in.bad || back > (size_t)(in.end - in.at))
        return plain(FRAME_COMPLEX);
    in.at += back;
    run.at = function;
    execute(&run, &in);
    return run.complex ? plain(FRAME_COMPLEX) : rule_of(&run.now);
}

/* The table of pairs, sorted by function. NULL: it has another form. */
static const struct header *
header_of(const struct frame_object *object)
{
    const struct header *header = object->header;
    uintptr_t at = (uintptr_t)header;

    if (at < object->start || at >= object->end ||
        object->end - at < sizeof *header || header->version != 1 ||
        header->count_form != AS_U32 || header->pair_form != AS_S32_HEADER ||
        header->count >
            (object->end - at - sizeof *header) / sizeof(struct pair))
        return NULL;
    return header;
}

struct frame_rule
frame_rule_find(const struct frame_object *object, uintptr_t pc)
{
    const struct header *header = header_of(object);
    uint32_t low = 0;
    int64_t wanted;
    uint32_t high;

    if (header == NULL)
        return plain(FRAME_COMPLEX);
    high = header->count;
    wanted = (int64_t)(pc - (uintptr_t)header);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (header->pair[middle].function <= wanted)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return without_entry(object, pc);
    return run_entry(object,
                     (const uint8_t *)header + header->pair[low - 1].entry, pc);
}

uint64_t
frame_object_stamp(const struct frame_object *object)
{
    const struct header *header = header_of(object);
    uint64_t stamp = object->start * UINT64_C(0x9e3779b97f4a7c15) ^ object->end;
    const struct pair *last;

    if (header == NULL || header->count == 0)
        return stamp;
    last = &header->pair[header->count - 1];
    stamp = (stamp ^ (uintptr_t)header) * UINT64_C(0xbf58476d1ce4e5b9);
    stamp ^= stamp >> 29;
    stamp += (uint64_t)header->count << 32 ^ (uint32_t)header->frame;
    stamp = (stamp ^ (uint32_t)last->function) * UINT64_C(0x94d049bb133111eb);
    return stamp +
           (uint64_t)(uint32_t)last->entry * UINT64_C(0x9e3779b97f4a7c15);
}
