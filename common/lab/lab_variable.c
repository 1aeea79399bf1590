/* SPDX-License-Identifier: MIT */
/* lab_variable: ELF symbols, and what /proc shows of a process's memory. */
#include "common/lab/lab_variable.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of an entry of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap). */
#define PAGE_PRESENT (1ULL << 63)
#define PAGE_EXCLUSIVE (1ULL << 56)

/* ---- the program ---- */

/* Whether LEN bytes from OFFSET on lie within SIZE. */
static bool
is_within(uint64_t offset, uint64_t len, size_t size)
{
	return offset <= size && len <= size - offset;
}

/* Looks NAME up in a table of symbols. The file may be anything. */
static uint64_t
look_up(const char *file, size_t size, const Elf64_Shdr *symbols,
    const Elf64_Shdr *strings, const char *name)
{
	size_t len = strlen(name) + 1;

	if (!is_within(symbols->sh_offset, symbols->sh_size, size) ||
	    !is_within(strings->sh_offset, strings->sh_size, size))
		return 0;
	for (size_t at = 0; at + sizeof(Elf64_Sym) <= symbols->sh_size;
	     at += sizeof(Elf64_Sym)) {
		Elf64_Sym symbol;

		memcpy(&symbol, file + symbols->sh_offset + at, sizeof(symbol));
		if (ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT &&
		    is_within(symbol.st_name, len, strings->sh_size) &&
		    memcmp(file + strings->sh_offset + symbol.st_name, name,
			len) == 0)
			return symbol.st_value;
	}
	return 0;
}

static bool
section(const char *file, size_t size, size_t index, Elf64_Shdr *header)
{
	Elf64_Ehdr elf;
	uint64_t at;

	memcpy(&elf, file, sizeof(elf));
	at = elf.e_shoff + index * sizeof(*header);
	if (index >= elf.e_shnum || !is_within(at, sizeof(*header), size))
		return false;
	memcpy(header, file + at, sizeof(*header));
	return true;
}

static uint64_t
symbol_in(const char *file, size_t size, const char *name)
{
	Elf64_Shdr symbols, strings;

	if (size < sizeof(Elf64_Ehdr) || memcmp(file, ELFMAG, SELFMAG) != 0 ||
	    file[EI_CLASS] != ELFCLASS64)
		return 0;
	for (size_t i = 0; section(file, size, i, &symbols); i++) {
		if (symbols.sh_type == SHT_SYMTAB &&
		    section(file, size, symbols.sh_link, &strings))
			return look_up(file, size, &symbols, &strings, name);
	}
	return 0;
}

/* The variable's place in the program; STAT is the program's. */
static uint64_t
place_in(const char *program, const char *name, struct stat *stat)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC);
	uint64_t place = 0;
	void *file;

	if (fd < 0)
		return 0;
	if (fstat(fd, stat) == 0 && stat->st_size > 0) {
		file = mmap(
		    NULL, (size_t)stat->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file != MAP_FAILED) {
			place = symbol_in(file, (size_t)stat->st_size, name);
			munmap(file, (size_t)stat->st_size);
		}
	}
	close(fd);
	return place;
}

/* ---- the process ---- */

/* Where the program begins in the process's memory; 0: it runs another one. */
static uint64_t
base_of(pid_t pid, const struct stat *stat)
{
	char path[40], line[512];
	uint64_t base = 0, start, offset, inode;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	while (maps && !base && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%*x %*s %" SCNx64 " %*s %" SCNu64,
			&start, &offset, &inode) == 3 &&
		    inode == stat->st_ino && offset == 0)
			base = start;
	}
	if (maps)
		fclose(maps);
	return base;
}

uint64_t
lab_variable_find(pid_t pid, const char *program, const char *name)
{
	struct stat stat;
	uint64_t place = place_in(program, name, &stat);
	uint64_t base = place ? base_of(pid, &stat) : 0;

	return base ? base + place : 0;
}

/* Reads 8 bytes at OFFSET of a file of the process. */
static bool
read_number(pid_t pid, const char *file, uint64_t offset, uint64_t *value)
{
	char path[40];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = pread(fd, value, sizeof(*value), (off_t)offset) == sizeof(*value);
	close(fd);
	return ok;
}

bool
lab_variable_read(pid_t pid, uint64_t address, uint64_t *value)
{
	return read_number(pid, "mem", address, value);
}

enum lab_page_owner
lab_variable_page(pid_t pid, uint64_t address)
{
	uint64_t page = address / (uint64_t)sysconf(_SC_PAGESIZE), entry;

	if (!read_number(pid, "pagemap", page * sizeof(entry), &entry))
		return LAB_PAGE_UNKNOWN;
	return (entry & PAGE_PRESENT) && (entry & PAGE_EXCLUSIVE)
		   ? LAB_PAGE_OWN
		   : LAB_PAGE_SHARED;
}
