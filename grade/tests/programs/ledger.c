/* ledger: counts money, and says when it does not add up. It never does: who overwrites the balance? */

#include <stdio.h>
#include <string.h>

static struct account {
    char owner[8];
    long balance;
} account = {"nobody", 0};

__attribute__((noinline)) static void rename_to(const char* name) { strcpy(account.owner, name); }

__attribute__((noinline)) static void deposit(long amount) { account.balance += amount; }

__attribute__((noinline)) static void complain(void) { printf("ledger: %s has %ld, not 70\n", account.owner, account.balance); }

int main(void) {
    deposit(100);
    deposit(-30);
    rename_to("Alexander");
    for (int month = 0; month < 3; month++) printf("month %d\n", month);
    if (account.balance == 70) return 0;
    complain();
    return 1;
}
