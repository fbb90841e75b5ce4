#!/bin/bash
# Compile, build, version and pack
. "$(dirname "$0")/../../lib.sh"
uses debian
seconds=180

it 'gcc builds threads, dynamic and static'
guest sh -c 'cd /tmp && cat >a.c <<E
#include <stdio.h>
#include <pthread.h>
static void *run(void *arg) { return (void *)((long)arg * 2); }
int main(void)
{
	pthread_t t[8];
	long sum = 0;
	void *r;
	for (long i = 0; i < 8; i++) pthread_create(&t[i], NULL, run, (void *)i);
	for (int i = 0; i < 8; i++) { pthread_join(t[i], &r); sum += (long)r; }
	printf("%ld\n", sum);
}
E
gcc -O2 -Wall -pthread -o a a.c && ./a && gcc -static -o b a.c && ./b'
expect '56
56'

it 'make -j4 builds 21 objects'
guest sh -c 'mkdir /tmp/p && cd /tmp/p
for i in $(seq 20); do echo "int f$i(void) { return $i; }" >f$i.c; done
{ echo "#include <stdio.h>"; for i in $(seq 20); do echo "int f$i(void);"; done
  echo "int main(void) { printf(\"%d \", 0"; for i in $(seq 20); do echo "+f$i()"; done; echo "); }"; } >main.c
printf "p: \$(patsubst %%.c,%%.o,\$(wildcard *.c))\n\t\$(CC) -o \$@ \$^\n" >Makefile
make -s -j4 && ./p'
expect '210 '

it 'git commits, clones and checks'
guest sh -c 'cd /tmp && git init -q r && cd r && git config user.email a@b && git config user.name n &&
seq 1000 >f && git add f && git commit -qm one && echo x >>f && git commit -qam two &&
git clone -q . ../c && cd ../c && git log --oneline | wc -l && git fsck 2>&1 | grep -c error'
shows '2*0'

it 'tar and xz round trip'
guest sh -c 'cd /usr/share && tar c perl* | xz -0 | xz -d | tar t | wc -l | awk "{ print (\$1 > 100) }"'
expect 1

it 'cp -a makes a true copy'
guest sh -c 'cp -a /etc /tmp/etc && diff -r --no-dereference /etc /tmp/etc && echo same'
expect same

it 'gdb sees a crash'
guest gdb -batch -ex 'run' -ex 'bt' --args sh -c 'kill -SEGV $$'
shows '*SIGSEGV*'

it 'gdb sets breakpoints and steps'
guest sh -c 'cd /tmp && printf "int f(int x) { return x + 1; }\nint main(void) { return f(41); }\n" >a.c && gcc -g -o a a.c &&
gdb -batch -ex "break f" -ex run -ex "print x" -ex step -ex finish -ex continue ./a 2>/dev/null'
shows '*$1 = 41*exited with code 052*'

it 'gdb watches reads and writes, and stops at instructions, by debug registers'
guest sh -c 'cd /tmp && printf "int x, y;\nint f(int i) { x = i; y = x; return y; }\nint main(void) { return f(7) - f(7); }\n" >w.c && gcc -g -o w w.c &&
gdb -batch -ex start -ex "watch x" -ex "rwatch y" -ex "awatch y" -ex "hbreak f" -ex c -ex c -ex c -ex c -ex c -ex c -ex c -ex c ./w 2>&1'
shows '*Hardware watchpoint 2: x*Hardware read watchpoint 3: y*Hardware access (read/write) watchpoint 4: y*Hardware assisted breakpoint 5*Breakpoint 5, f*watchpoint 2: x*New value = 7*watchpoint 4: y*New value = 7*watchpoint 3: y*Value = 7*Breakpoint 5, f*watchpoint 3: y*exited normally*'

it 'strace follows a fork'
guest sh -c 'strace -f -o /tmp/s sh -c "cat /etc/hostname >/dev/null"; grep -c execve /tmp/s'
shows '[2-9]'

it 'strace counts'
guest sh -c 'strace -c -o /tmp/s true && grep -c execve /tmp/s'
expect 1
