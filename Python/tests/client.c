/* The teacher from C: prints each lesson's number, size and the sum of its examples times their positions. */
#include <stdio.h>
#include <stdlib.h>

#include "attent.h"

int main(void) {
    attent_teacher *teacher = attent_teacher_create("attent-simple", 200, 3, 0, 0);
    if (teacher == NULL) {
        fprintf(stderr, "%s\n", attent_last_error());
        return 1;
    }
    attent_lesson lesson;
    while (attent_teacher_next(teacher, NULL, NULL, 0, &lesson) == ATTENT_LESSON) {
        size_t count = (size_t)lesson.count;
        int32_t *examples = malloc(count * sizeof *examples);
        float *losses = malloc(count * sizeof *losses);
        if (examples == NULL || losses == NULL || attent_lesson_examples(teacher, examples) != 0) return 1;
        long long sum = 0;
        for (size_t position = 0; position < count; position++) {
            sum += (long long)position * examples[position];
            losses[position] = (float)(examples[position] % 13);
        }
        printf("%lld %lld %lld\n", (long long)lesson.number, (long long)lesson.count, sum);
        if (attent_teacher_record(teacher, losses, examples, NULL, lesson.count) != 0) return 1;
        free(losses);
        free(examples);
    }
    attent_teacher_destroy(teacher);
    return 0;
}
