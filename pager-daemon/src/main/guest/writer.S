# The writer guest: a boot-sector program that writes to its memory for ever, in an order that the host can replay.
#
# 32-bit protected mode, no paging (unless asked for, see F_WINDOW), interrupts off, no BIOS after the start. It runs
# under TCG and under a KVM that can run only small unpaged guests.
#
# The life of the guest:
#   1. every CPU fills its pages completely: dword i of page p holds  (p * FILL_PAGE ^ seed) + i % FILL_PERIOD * FILL_STEP,
#      except dword  (p * FILL_PAGE) >> 22,  which is the page's counter and starts at 0.      COM1: 'I' ... 'R'
#   2. for ever: choose a page, check its counter (exactly: every pattern visits every page of its set once a pass, so the
#      counter must be the number of the pass), check three of its other dwords, increment the counter, commit the step.
#      COM1: '.' every so many steps.
#   3. on a mismatch: COM1 'E' and the page number in hex; details in the control page; the CPU halts.
#   4. after a given number of steps: power off, reboot or halt, if so configured.                COM1: 'S'
# With F_TIMING each CPU also counts how long its touches take, in ticks of its time-stamp counter: from before a step's
# first read of its page until after its write. Neither the control block nor the histogram is touched in between.
#
# How the host can verify at any instant: a CPU's state lives in two slots of its control block. A step computes the next
# state in the slot that is not in use, increments the page's counter, and then switches slots with one instruction. So a
# stopped guest has, per CPU, at most one page whose counter is one ahead of the committed state, and the host knows which.
#
# The numbers below are shared with io.farpage.guest.WriterImage (Java), which fills in the parameters.

# ---- guest memory ------------------------------------------------------------------------------------------------
        .set    IMAGE,          0x7c00          # where the BIOS loads sector 1, and we the rest
        .set    SECTORS,        14              # size of the image
        .set    PARAMS,         0x7e00          # image offset 0x200
        .set    AP_START,       0x8000          # image offset 0x400; a page boundary, as the start-up IPI demands
        .set    CPU_TABLE,      0x8800          # image offset 0xc00
        .set    CONTROL,        0x10000         # header; CPU n's control block is at CONTROL + (n + 1) * 0x1000
        .set    MAX_CPUS,       16
        .set    HISTOGRAMS,     0x21000         # with F_TIMING: CPU n's histogram is at HISTOGRAMS + n * 0x1000
        .set    PAGE_TABLES,    0x31000

# ---- parameters (at PARAMS) --------------------------------------------------------------------------------------
        .set    P_MAGIC,        PARAMS + 0x00
        .set    P_VERSION,      PARAMS + 0x04
        .set    P_FLAGS,        PARAMS + 0x08
        .set    P_SEED,         PARAMS + 0x0c
        .set    P_CPUS,         PARAMS + 0x10
        .set    P_PERIOD,       PARAMS + 0x14   # steps in the schedule, which then begins again
        .set    P_DELAY,        PARAMS + 0x18   # iterations of an empty loop after each step
        .set    P_DOT_MASK,     PARAMS + 0x1c   # print '.' when (steps & mask) == 0
        .set    P_STOP_STEPS,   PARAMS + 0x20   # 64 bits; 0: never
        .set    P_STOP_ACTION,  PARAMS + 0x28
        .set    P_REBOOTS,      PARAMS + 0x2c   # reboot at most so often, then run for ever
        .set    P_WINDOW_FIRST, PARAMS + 0x30   # with F_WINDOW, in units of 2 MiB: linear [first, end) is mapped to
        .set    P_WINDOW_END,   PARAMS + 0x34   #   physical [frame, ...); everything else one to one
        .set    P_WINDOW_FRAME, PARAMS + 0x38
        .set    P_SCHEDULE,     PARAMS + 0x40   # a byte for each step: which cursor takes it

        .set    F_IDLE,         1               # fill, then halt
        .set    F_WINDOW,       2               # PAE paging, to reach physical memory above 4 GiB
        .set    F_TIMING,       4               # time each touch

        .set    STOP_POWEROFF,  1
        .set    STOP_REBOOT,    2

# ---- a cursor's constants, in CPU_TABLE: CURSORS per CPU; without pages where there are fewer --------------------------
        .set    CURSORS,        8
        .set    K_FIRST,        0               # first page (linear page number)
        .set    K_COUNT,        4               # pages
        .set    K_STRIDE,       8               # 0: pseudo-random
        .set    K_MASK,         12              # random: 2^k - 1, with 2^k >= count
        .set    K_SHIFT,        16
        .set    K_X0,           20              # x and aux at the start
        .set    K_AUX0,         24
        .set    K_SIZE,         32

# ---- a cursor's state: CURSORS per slot -----------------------------------------------------------------------------
        .set    U_PASS,         0               # finished passes; the counter of each page not yet visited in this pass
        .set    U_DONE,         4               # pages visited in this pass
        .set    U_X,            8               # random: generator; stride: next index
        .set    U_AUX,          12              # random: increment of the generator; stride: where this round began
        .set    U_SIZE,         16

# ---- a slot -------------------------------------------------------------------------------------------------------------
        .set    S_STEPS,        0               # 64 bits
        .set    S_PHASE,        8               # where in the schedule the next step is
        .set    S_LAST,         12              # which cursor took the last step, times U_SIZE
        .set    S_CURSORS,      16
        .set    SLOT_SIZE,      256

# ---- a CPU's control block (one page; the CPU's stack is at its end) ----------------------------------------------------
        .set    C_ACTIVE,       0               # address of the slot that holds
        .set    C_STAGE,        4
        .set    C_FILLED,       8               # pages filled
        .set    C_TOUCH,        16              # 64 bits; with F_TIMING: when the last touch began
        .set    C_SLOT_A,       0x200
        .set    C_SLOT_B,       0x300           # = C_SLOT_A ^ SLOT_SIZE

        .set    STAGE_FILLING,  1
        .set    STAGE_RUNNING,  2
        .set    STAGE_IDLE,     3
        .set    STAGE_STOPPED,  4
        .set    STAGE_ERROR,    5

# ---- the header --------------------------------------------------------------------------------------------------------
        .set    H_MAGIC,        CONTROL + 0x00
        .set    H_BOOTS,        CONTROL + 0x04
        .set    H_STARTED,      CONTROL + 0x08  # CPUs that have taken a number
        .set    H_READY,        CONTROL + 0x0c  # CPUs that have filled their pages
        .set    H_ERROR,        CONTROL + 0x10  # kind; 0: none
        .set    H_ERROR_PAGE,   CONTROL + 0x14
        .set    H_ERROR_WANT,   CONTROL + 0x18
        .set    H_ERROR_FOUND,  CONTROL + 0x1c
        .set    H_ERROR_CPU,    CONTROL + 0x20  # address of the CPU's control block

# ---- a histogram: a page of counters, 32 bits each ------------------------------------------------------------------------
# A time below 16 has a counter of its own; every power of two from there on has 16. So the counter of a time with its
# highest bit at e >= 4 is  (e - 4) * 16 + (time >> (e - 4)),  and no counter is for times more than 1/16 apart.
        .set    SUB_BITS,       4

        .set    ERROR_CONTROL,  1               # the control block lost a write
        .set    ERROR_COUNTER,  2
        .set    ERROR_FILL,     3

        .set    MAGIC_PARAMS,   0x57475046      # "FPGW"
        .set    MAGIC_CONTROL,  0x43475046      # "FPGC"

        .set    FILL_PAGE,      0x9e3779b1
        .set    FILL_STEP,      0x85ebca6b
        .set    FILL_PERIOD,    32              # dwords
        .set    LCG_A,          1664525         # = 1 mod 4: with an odd increment a full period modulo any power of two

        .set    COM1,           0x3f8
        .set    CMOS_BOOTS,     0x6e            # a byte of NVRAM that nobody else uses; survives a reset
        .set    LAPIC_ICR_LOW,  0xfee00300

# ==== boot sector ==========================================================================================================
        .code16
        .globl  _start
_start: cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $IMAGE, %sp
        movw    $0x0200 + SECTORS - 1, %ax      # read the other sectors: cylinder 0, head 0, from sector 2
        movw    $PARAMS, %bx
        movw    $0x0002, %cx
        xorb    %dh, %dh
        int     $0x13
        jc      disk_error
        cli
        inb     $0x92, %al                      # A20
        orb     $2, %al
        andb    $0xfe, %al
        outb    %al, $0x92
        lgdtl   gdtr
        movl    %cr0, %eax
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $8, $boot_cpu

disk_error:
        movw    $COM1, %dx
        movb    $'D', %al
        outb    %al, %dx
1:      hlt
        jmp     1b

        .align  8
gdt:    .quad   0
        .quad   0x00cf9a000000ffff              # code, flat
        .quad   0x00cf92000000ffff              # data, flat
gdtr:   .word   . - gdt - 1
        .long   gdt

        .org    510
        .word   0xaa55

# ==== parameters: filled in by the host ====================================================================================
        .org    0x200
        .long   MAGIC_PARAMS
        .long   2

# ==== where the other CPUs start (real mode, CS = AP_START / 16) ===========================================================
        .org    0x400
        .code16
ap_start:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        lgdtl   gdtr
        movl    %cr0, %eax
        andl    $0x9fffffff, %eax               # caches on
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $8, $any_cpu

# ==== the first CPU =========================================================================================================
        .code32
boot_cpu:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        cld
        movl    $0, H_MAGIC                     # from here on the old control blocks count no more
        movl    $CONTROL, %edi
        movl    $(MAX_CPUS + 1) * 1024, %ecx
        testl   $F_TIMING, P_FLAGS
        jz      1f
        movl    $(2 * MAX_CPUS + 1) * 1024, %ecx # the histograms are behind
1:      xorl    %eax, %eax
        rep stosl

        movb    $CMOS_BOOTS, %al                # boots = ++NVRAM
        outb    %al, $0x70
        inb     $0x71, %al
        incb    %al
        movb    %al, %ah
        movb    $CMOS_BOOTS, %al
        outb    %al, $0x70
        movb    %ah, %al
        outb    %al, $0x71
        movzbl  %ah, %eax
        movl    %eax, H_BOOTS
        testl   $F_WINDOW, P_FLAGS
        jz      start_others

        movl    $PAGE_TABLES, %edi              # four page directories of 2 MiB pages, behind the pointer table
        xorl    %ecx, %ecx
1:      movl    %ecx, %eax
        shll    $12, %eax
        addl    $PAGE_TABLES + 0x1001, %eax     # present
        movl    %eax, (%edi, %ecx, 8)
        movl    $0, 4(%edi, %ecx, 8)
        incl    %ecx
        cmpl    $4, %ecx
        jb      1b
        movl    $PAGE_TABLES + 0x1000, %edi
        xorl    %ecx, %ecx                      # linear 2 MiB frame
2:      movl    %ecx, %eax
        cmpl    P_WINDOW_FIRST, %ecx
        jb      3f
        cmpl    P_WINDOW_END, %ecx
        jae     3f
        subl    P_WINDOW_FIRST, %eax
        addl    P_WINDOW_FRAME, %eax
3:      movl    %eax, %edx
        shrl    $11, %edx
        shll    $21, %eax
        orl     $0x83, %eax                     # present, writable, 2 MiB
        movl    %eax, (%edi, %ecx, 8)
        movl    %edx, 4(%edi, %ecx, 8)
        incl    %ecx
        cmpl    $2048, %ecx
        jb      2b

start_others:
        movl    $MAGIC_CONTROL, H_MAGIC
        cmpl    $1, P_CPUS
        jbe     any_cpu
        movl    $0x000c4500, LAPIC_ICR_LOW      # INIT to all but self
        movl    $10000, %ecx
        call    io_delay
        movl    $0x000c4600 + (AP_START >> 12), LAPIC_ICR_LOW
        movl    $200, %ecx
        call    io_delay
        movl    $0x000c4600 + (AP_START >> 12), LAPIC_ICR_LOW
        jmp     any_cpu

# ==== every CPU =============================================================================================================
any_cpu:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        cld
        movl    $1, %eax
        lock xaddl %eax, H_STARTED              # take a number
        movl    %cr4, %ecx
        orl     $0x200, %ecx                    # OSFXSR: SSE
        movl    %ecx, %cr4
        movl    %cr0, %ecx
        andl    $0xfffffff3, %ecx               # no EM, no TS
        movl    %ecx, %cr0
        cmpl    P_CPUS, %eax
        jae     rest
        testl   $F_WINDOW, P_FLAGS
        jz      1f
        movl    $PAGE_TABLES, %ecx
        movl    %ecx, %cr3
        movl    %cr4, %ecx
        orl     $0x20, %ecx                     # PAE
        movl    %ecx, %cr4
        movl    %cr0, %ecx
        orl     $0x80000000, %ecx
        movl    %ecx, %cr0
1:      movl    %eax, %ebx
        shll    $12, %ebx
        addl    $CONTROL + 0x1000, %ebx         # ebx: this CPU's control block
        leal    0x1000(%ebx), %esp
        shll    $8, %eax                        # CURSORS * K_SIZE
        leal    CPU_TABLE(%eax), %esi           # esi: a cursor's constants
        movl    $STAGE_FILLING, C_STAGE(%ebx)

        leal    C_SLOT_A + S_CURSORS(%ebx), %ebp # ebp: its state to start from, in both slots
1:      call    fill_cursor
        movl    K_X0(%esi), %eax
        movl    %eax, U_X(%ebp)
        movl    %eax, SLOT_SIZE + U_X(%ebp)
        movl    K_AUX0(%esi), %eax
        movl    %eax, U_AUX(%ebp)
        movl    %eax, SLOT_SIZE + U_AUX(%ebp)
        addl    $K_SIZE, %esi
        addl    $U_SIZE, %ebp
        leal    C_SLOT_A + S_CURSORS + CURSORS * U_SIZE(%ebx), %eax
        cmpl    %eax, %ebp
        jb      1b
        leal    C_SLOT_A(%ebx), %eax
        movl    %eax, C_ACTIVE(%ebx)
        movl    $STAGE_RUNNING, %eax
        testl   $F_IDLE, P_FLAGS
        jz      1f
        movl    $STAGE_IDLE, %eax
1:      movl    %eax, C_STAGE(%ebx)

        lock incl H_READY
        cmpl    $CONTROL + 0x1000, %ebx         # the first CPU waits for all and says so
        jne     3f
2:      movl    H_READY, %eax
        pause
        cmpl    P_CPUS, %eax
        jb      2b
        movb    $'R', %al
        call    put_char
3:      testl   $F_IDLE, P_FLAGS
        jnz     rest
        xorl    %ebp, %ebp                      # ebp: steps (low half), the register's own copy

# ---- the loop ------------------------------------------------------------------------------------------------------------
step:   movl    C_ACTIVE(%ebx), %esi
        movl    S_STEPS(%esi), %eax
        cmpl    %ebp, %eax
        jne     control_error
        movl    %esi, %edi
        xorl    $SLOT_SIZE, %edi
        movl    S_STEPS + 4(%esi), %ecx
        addl    $1, %eax
        adcl    $0, %ecx
        movl    %eax, S_STEPS(%edi)
        movl    %ecx, S_STEPS + 4(%edi)

        movl    S_LAST(%esi), %edx              # a step behind, that slot lacks only what the last step changed
        .irp    offset, S_CURSORS, S_CURSORS + 4, S_CURSORS + 8, S_CURSORS + 12
        movl    \offset(%esi, %edx), %ecx
        movl    %ecx, \offset(%edi, %edx)
        .endr
        movl    S_PHASE(%esi), %eax             # whose turn it is
        movzbl  P_SCHEDULE(%eax), %edx
        incl    %eax
        cmpl    P_PERIOD, %eax
        sbbl    %ecx, %ecx
        andl    %ecx, %eax                      # 0 at the end of the schedule
        movl    %eax, S_PHASE(%edi)
        shll    $4, %edx                        # U_SIZE
        movl    %edx, S_LAST(%edi)
        .irp    offset, S_CURSORS, S_CURSORS + 4, S_CURSORS + 8, S_CURSORS + 12
        movl    \offset(%esi, %edx), %ecx
        movl    %ecx, \offset(%edi, %edx)
        .endr
        leal    -CONTROL - 0x1000(%ebx), %esi
        shrl    $4, %esi                        # a control block has 16 times the size of a CPU's constants
        leal    CPU_TABLE(%esi, %edx, 2), %esi  # esi: the cursor's constants (K_SIZE = 2 * U_SIZE), edx: its state
        leal    S_CURSORS(%edi, %edx), %edx

        movl    U_X(%edx), %eax                 # edi: the index that comes next
        movl    K_STRIDE(%esi), %ecx
        testl   %ecx, %ecx
        jz      random
        movl    %eax, %edi
        addl    %ecx, %eax
        cmpl    K_COUNT(%esi), %eax
        jb      2f
        incl    U_AUX(%edx)
        movl    U_AUX(%edx), %eax
        jmp     2f
random: movl    K_SHIFT(%esi), %ecx
1:      imull   $LCG_A, %eax, %eax
        addl    U_AUX(%edx), %eax
        andl    K_MASK(%esi), %eax
        movl    %eax, %edi
        shrl    %cl, %edi
        xorl    %eax, %edi
        cmpl    K_COUNT(%esi), %edi
        jae     1b
2:      movl    %eax, U_X(%edx)

        movl    U_PASS(%edx), %ecx              # ecx: what the counter must be
        movl    U_DONE(%edx), %eax
        incl    %eax
        cmpl    K_COUNT(%esi), %eax
        jb      4f
        incl    U_PASS(%edx)                    # a pass is done
        movl    K_X0(%esi), %eax
        movl    %eax, U_X(%edx)
        xorl    %eax, %eax
        cmpl    $0, K_STRIDE(%esi)
        jne     3f
        movl    U_AUX(%edx), %eax
        addl    $2, %eax                        # another order in the next pass
3:      movl    %eax, U_AUX(%edx)
        xorl    %eax, %eax
4:      movl    %eax, U_DONE(%edx)

        testl   $F_TIMING, P_FLAGS
        jnz     begin_touch
touch:  addl    K_FIRST(%esi), %edi             # the page number
        movl    %edi, %esi
        shll    $12, %esi                       # esi: its address
        imull   $FILL_PAGE, %edi, %eax
        movl    %eax, %edx
        shrl    $22, %edx                       # edx: which dword is the counter
        xorl    P_SEED, %eax                    # eax: fill of dword 0
        cmpl    (%esi, %edx, 4), %ecx
        jne     counter_error
        leal    1(%edx), %ecx                   # the dword behind it
        andl    $1023, %ecx
        movl    %ecx, %edi
        andl    $FILL_PERIOD - 1, %edi
        imull   $FILL_STEP, %edi, %edi
        addl    %eax, %edi
        cmpl    (%esi, %ecx, 4), %edi
        jne     fill_error
        leal    1023(%edx), %ecx                # the one before
        andl    $1023, %ecx
        movl    %ecx, %edi
        andl    $FILL_PERIOD - 1, %edi
        imull   $FILL_STEP, %edi, %edi
        addl    %eax, %edi
        cmpl    (%esi, %ecx, 4), %edi
        jne     fill_error
        movl    %ebp, %ecx                      # and one more, another each time
        andl    $1023, %ecx
        cmpl    %edx, %ecx
        je      5f
        movl    %ecx, %edi
        andl    $FILL_PERIOD - 1, %edi
        imull   $FILL_STEP, %edi, %edi
        addl    %eax, %edi
        cmpl    (%esi, %ecx, 4), %edi
        jne     fill_error

5:      incl    (%esi, %edx, 4)                 # the write
        testl   $F_TIMING, P_FLAGS
        jnz     end_touch
        xorl    $SLOT_SIZE, C_ACTIVE(%ebx)      # the commit
touched:
        incl    %ebp

        testl   %ebp, P_DOT_MASK
        jz      dot
6:      movl    P_DELAY, %ecx
        testl   %ecx, %ecx
        jnz     delay
7:      cmpl    P_STOP_STEPS, %ebp
        jne     step
        movl    C_ACTIVE(%ebx), %esi
        movl    S_STEPS + 4(%esi), %eax
        cmpl    P_STOP_STEPS + 4, %eax
        jne     step
        orl     %ebp, %eax                      # 0 stands for never
        jz      step

# ---- after the last step --------------------------------------------------------------------------------------------------
        cmpl    $STOP_REBOOT, P_STOP_ACTION
        jne     1f
        movl    H_BOOTS, %eax
        cmpl    P_REBOOTS, %eax
        ja      step
1:      cmpl    $CONTROL + 0x1000, %ebx         # the first CPU does it for all
        jne     stopped
        movb    $'S', %al
        call    put_char
        cmpl    $STOP_POWEROFF, P_STOP_ACTION
        je      power_off
        cmpl    $STOP_REBOOT, P_STOP_ACTION
        jne     stopped
        movl    $STAGE_STOPPED, C_STAGE(%ebx)
        movb    $0xfe, %al                      # keyboard controller: pulse the reset line
        outb    %al, $0x64
        jmp     rest
power_off:
        movl    $STAGE_STOPPED, C_STAGE(%ebx)
        movw    $0x604, %dx                     # PM1 control as the firmware places it: SLP_EN, soft off
        movw    $0x2000, %ax
        outw    %ax, %dx
stopped:
        movl    $STAGE_STOPPED, C_STAGE(%ebx)
rest:   cli
        hlt
        jmp     rest

dot:    cmpl    $CONTROL + 0x1000, %ebx
        jne     6b
        movb    $'.', %al
        call    put_char
        jmp     6b

delay:  decl    %ecx
        jnz     delay
        jmp     7b

# ---- how long it took -----------------------------------------------------------------------------------------------------
begin_touch:                                    # changes eax, edx
        rdtsc
        movl    %eax, C_TOUCH(%ebx)
        movl    %edx, C_TOUCH + 4(%ebx)
        jmp     touch

end_touch:                                      # changes all but ebx, ebp
        rdtsc
        xorl    $SLOT_SIZE, C_ACTIVE(%ebx)      # the commit
        subl    C_TOUCH(%ebx), %eax
        sbbl    C_TOUCH + 4(%ebx), %edx
        xorl    %edi, %edi                      # edi: by how many bits it is shifted
1:      testl   %edx, %edx
        jz      2f
        shrdl   $1, %edx, %eax
        shrl    $1, %edx
        incl    %edi
        jmp     1b
2:      cmpl    $1 << SUB_BITS, %eax
        jb      3f
        bsrl    %eax, %ecx
        subl    $SUB_BITS, %ecx
        shrl    %cl, %eax
        addl    %ecx, %edi
        shll    $SUB_BITS, %edi
        addl    %edi, %eax
3:      incl    HISTOGRAMS - CONTROL - 0x1000(%ebx, %eax, 4)
        jmp     touched

# ---- errors ---------------------------------------------------------------------------------------------------------------
control_error:                                  # eax: found, ebp: wanted
        movl    %eax, %edx
        movl    %ebp, %ecx
        movl    %ebx, %esi
        movl    $ERROR_CONTROL, %eax
        jmp     error
counter_error:                                  # ecx: wanted
        movl    (%esi, %edx, 4), %edx
        movl    $ERROR_COUNTER, %eax
        jmp     error
fill_error:                                     # edi: wanted, ecx: which dword
        movl    (%esi, %ecx, 4), %edx
        movl    %edi, %ecx
        movl    $ERROR_FILL, %eax
error:  shrl    $12, %esi
        movl    %esi, H_ERROR_PAGE
        movl    %ecx, H_ERROR_WANT
        movl    %edx, H_ERROR_FOUND
        movl    %ebx, H_ERROR_CPU
        movl    %eax, H_ERROR
        movl    $STAGE_ERROR, C_STAGE(%ebx)
        movb    $'E', %al
        call    put_char
        movl    $8, %ecx
1:      roll    $4, %esi
        movl    %esi, %eax
        andb    $15, %al
        cmpb    $10, %al
        jb      2f
        addb    $'a' - '0' - 10, %al
2:      addb    $'0', %al
        call    put_char
        loop    1b
        movb    $'\n', %al
        call    put_char
        jmp     rest

# ---- subroutines ----------------------------------------------------------------------------------------------------------
put_char:                                       # al; changes edx
        movl    $COM1, %edx
        outb    %al, %dx
        ret

io_delay:                                       # ecx times about a microsecond
        outb    %al, $0x80
        loop    io_delay
        ret

fill_cursor:                                    # esi: the cursor's constants; changes all but ebx, ebp, esi
        movl    K_COUNT(%esi), %ecx
        testl   %ecx, %ecx
        jz      4f
        movl    K_FIRST(%esi), %edi
        shll    $12, %edi
1:      pushl   %ecx
        movl    %edi, %eax
        shrl    $12, %eax
        testl   $0xfff, %eax                    # progress: every 16 MiB, by the first CPU
        jnz     2f
        cmpl    $CONTROL + 0x1000, %ebx
        jne     2f
        pushl   %eax
        movb    $'I', %al
        call    put_char
        popl    %eax
2:      imull   $FILL_PAGE, %eax, %eax
        movl    %eax, %edx
        shrl    $22, %edx
        xorl    P_SEED, %eax
        leal    (%edi, %edx, 4), %edx           # where the counter is
        .set    at, 0
        .rept   FILL_PERIOD
        movl    %eax, at(%edi)
        addl    $FILL_STEP, %eax
        .set    at, at + 4
        .endr
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7       # the rest by wide stores: where KVM interprets the guest (it may have
        movaps  16 * \n(%edi), %xmm\n           #   to, without paging), the number of instructions is what counts
        .endr
        movl    $1024 / FILL_PERIOD - 1, %ecx
3:      addl    $4 * FILL_PERIOD, %edi
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        movaps  %xmm\n, 16 * \n(%edi)
        .endr
        decl    %ecx
        jnz     3b
        addl    $4 * FILL_PERIOD, %edi
        movl    $0, (%edx)
        incl    C_FILLED(%ebx)
        popl    %ecx
        decl    %ecx
        jnz     1b
4:      ret

# ==== the CPUs' cursors: filled in by the host ==============================================================================
        .org    0xc00
        .org    SECTORS * 512
