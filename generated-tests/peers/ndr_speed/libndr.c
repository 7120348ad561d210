/*
 * Times Samba's libndr on the stub data of calls. Reads lines
 *
 *     INTERFACE OPERATION in|out ndr|big|ndr64 HEX
 *
 * and answers each with the nanoseconds of one unpacking and of one packing, the fastest of many samples, or with
 * "-" and a reason: the library does not know the call, or packs other bytes than those it was given.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <talloc.h>
#include <util/data_blob.h>
#include <ndr.h>

#define SAMPLES 40
#define SAMPLE_NS 1000000.0

struct job {
	const struct ndr_interface_call *call;
	int direction;
	uint32_t flags;
	DATA_BLOB stub;
	void *value;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* As a server does it: a context for the call, the value in it, all of it freed in the end. */
static bool unpack(struct job *job, TALLOC_CTX **keep)
{
	TALLOC_CTX *context = talloc_new(NULL);
	struct ndr_pull *ndr = ndr_pull_init_blob(&job->stub, context);
	void *value = talloc_zero_size(context, job->call->struct_size);
	bool good;

	ndr->flags |= job->flags | LIBNDR_FLAG_REF_ALLOC;
	good = NDR_ERR_CODE_IS_SUCCESS(job->call->ndr_pull(ndr, job->direction, value));
	if (keep != NULL) {
		job->value = value;
		*keep = context;
	} else {
		talloc_free(context);
	}
	return good;
}

static bool pack(struct job *job, bool compare)
{
	struct ndr_push *ndr = ndr_push_init_ctx(NULL);
	bool good;

	ndr->flags |= job->flags;
	good = NDR_ERR_CODE_IS_SUCCESS(job->call->ndr_push(ndr, job->direction, job->value));
	if (good && compare) {
		DATA_BLOB blob = ndr_push_blob(ndr);
		good = blob.length == job->stub.length && memcmp(blob.data, job->stub.data, blob.length) == 0;
		if (!good) {
			for (size_t i = 0; i < blob.length; i++) {
				fprintf(stderr, "%02x", blob.data[i]);
			}
			fprintf(stderr, "\n");
		}
	}
	talloc_free(ndr);
	return good;
}

static void once(struct job *job, bool packing)
{
	if (packing) {
		pack(job, false);
	} else {
		unpack(job, NULL);
	}
}

/* Nanoseconds of one time, the fastest of the samples. */
static double fastest(struct job *job, bool packing)
{
	double best = 1e18, start = now();
	long times = 1, i;

	for (i = 0; i < 100; i++) {
		once(job, packing);
	}
	times = (long)(SAMPLE_NS / ((now() - start) / 100)) + 1;
	for (int sample = 0; sample < SAMPLES; sample++) {
		start = now();
		for (i = 0; i < times; i++) {
			once(job, packing);
		}
		double each = (now() - start) / times;
		if (each < best) {
			best = each;
		}
	}
	return best;
}

static const struct ndr_interface_call *find(const char *interface, const char *operation)
{
	char symbol[256];
	const struct ndr_interface_table *table;

	snprintf(symbol, sizeof(symbol), "ndr_table_%s", interface);
	table = dlsym(RTLD_DEFAULT, symbol);
	for (uint32_t i = 0; table != NULL && i < table->num_calls; i++) {
		if (strcmp(table->calls[i].name, operation) == 0) {
			return &table->calls[i];
		}
	}
	return NULL;
}

static DATA_BLOB bytes_of(char *hex)
{
	size_t length = strlen(hex) / 2;
	DATA_BLOB blob = { .data = malloc(length + 1), .length = length };

	for (size_t i = 0; i < length; i++) {
		unsigned byte = 0;
		sscanf(hex + 2 * i, "%2x", &byte);
		blob.data[i] = byte;
	}
	return blob;
}

static void answer(char *interface, char *operation, char *direction, char *syntax, char *hex)
{
	TALLOC_CTX *context = NULL;
	struct job job = {
		.call = find(interface, operation),
		.direction = strcmp(direction, "in") == 0 ? NDR_IN : NDR_OUT,
		.flags = strcmp(syntax, "ndr64") == 0 ? LIBNDR_FLAG_NDR64
		       : strcmp(syntax, "big") == 0   ? LIBNDR_FLAG_BIGENDIAN
						      : 0,
		.stub = bytes_of(hex),
	};

	if (job.call == NULL) {
		printf("- unknown\n");
	} else if (!unpack(&job, &context)) {
		printf("- refused\n");
	} else if (!pack(&job, true)) {
		printf("- differs\n");
	} else {
		double unpacking = fastest(&job, false);
		printf("%.1f %.1f\n", unpacking, fastest(&job, true));
	}
	talloc_free(context);
	free(job.stub.data);
	fflush(stdout);
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;

	if (dlopen("libndr-standard.so.0", RTLD_NOW | RTLD_GLOBAL) == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	while (getline(&line, &room, stdin) > 0) {
		char *interface = strtok(line, " \n"), *operation = strtok(NULL, " \n");
		char *direction = strtok(NULL, " \n"), *syntax = strtok(NULL, " \n"), *hex = strtok(NULL, " \n");

		if (hex == NULL) {
			printf("- no job\n");
			fflush(stdout);
			continue;
		}
		answer(interface, operation, direction, syntax, hex);
	}
	free(line);
	return 0;
}
