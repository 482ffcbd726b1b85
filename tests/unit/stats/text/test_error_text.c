/* Errors in words: glibc's own, where one is listed. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "error_text.h"

static const char unknown[] = "unknown error";

Test(error_text, a_listed_error_has_glibcs_text)
{
    unsigned listed = 0;

    for (int error = 0; error < 200; error++) {
        const char *text = error_text(error);

        if (strcmp(text, unknown) == 0)
            continue;
        listed++;
        cr_assert_str_eq(text, strerror(error), "error %d", error);
    }
    cr_assert_gt(listed, 30);
}

Test(error_text, errors_of_files_and_memory_are_listed)
{
    static const int errors[] = {EPERM,  ENOENT, EIO,     EBADF,  ENOMEM,
                                 EACCES, EEXIST, ENOTDIR, EINVAL, EMFILE,
                                 EFBIG,  ENOSPC, EROFS,   EPIPE,  ENAMETOOLONG,
                                 ELOOP,  ESTALE, EDQUOT};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        cr_assert_str_neq(error_text(errors[i]), unknown, "error %d",
                          errors[i]);
}

Test(error_text, any_other_number_is_unknown)
{
    cr_assert_str_eq(error_text(0), unknown);
    cr_assert_str_eq(error_text(-1), unknown);
    cr_assert_str_eq(error_text(100000), unknown);
}
