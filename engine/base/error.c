/*
 * Fills error values. The first failure is kept: a later error_set on the same
 * value changes nothing, so clean-up code may fail without hiding the cause.
 */
#include "engine/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, enum error_kind kind, const char *format,
              ...)
{
    if (error_is_set(error))
        return -1;
    error->kind = kind;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return -1;
}

int error_set_system(struct error *error, const char *format, ...)
{
    int number = errno;
    if (error_is_set(error))
        return -1;
    error->kind = ERROR_SYSTEM;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof error->text)
        snprintf(error->text + length, sizeof error->text - (size_t)length,
                 ": %s", strerror(number));
    errno = number;
    return -1;
}

int error_context(struct error *error, const char *format, ...)
{
    char context[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);

    size_t length = strlen(context);
    size_t room = sizeof error->text - length;
    if (room <= 2)
        return -1;
    memmove(error->text + length + 2, error->text, room - 2);
    memcpy(error->text, context, length);
    memcpy(error->text + length, ": ", 2);
    error->text[sizeof error->text - 1] = '\0';
    return -1;
}

int error_place(struct error *error, const char *file, struct mark mark)
{
    if (file && error->place.file[0] == '\0')
        snprintf(error->place.file, sizeof error->place.file, "%s", file);
    if (error->place.mark.line == 0)
        error->place.mark = mark;
    return -1;
}
