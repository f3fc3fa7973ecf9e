#include "go_asm.h"
#include "textflag.h"

// func readShortBMI2(r *bitReader, dc, ac *lookup, steps *steps, value *[128]int16, k uint32) uint32
//
// readShortPlain, two coefficients at a time and with everything in registers. What each must
// wait for is the look into the table for the one before and the shift by its length.
//
//	AX acc, BX n, DI pos, SI data, R8 the last pos at which eight bytes can be read
//	R9 table, R10 steps, R11 value, R12 k, CX entry
TEXT ·readShortBMI2(SB), NOSPLIT, $0-52
	MOVQ r+0(FP), DX
	MOVQ bitReader_data+0(DX), SI
	MOVQ bitReader_data+8(DX), R8
	SUBQ $8, R8
	MOVQ bitReader_pos(DX), DI
	MOVQ bitReader_acc(DX), AX
	MOVQ bitReader_n(DX), BX
	MOVQ ac+16(FP), R9
	MOVQ steps+24(FP), R10
	MOVQ value+32(FP), R11
	MOVL k+40(FP), R12
	TESTL R12, R12
	JZ   first
	CMPL R12, $64
	JGE  done

	PCALIGN $64 // a quarter of the time depends on it

next:
	CMPQ BX, $const_shortBits
	JLT  refill

look:
	MOVQ  AX, DX
	SHRQ  $(64-const_shortBits), DX
	MOVQ  (R9)(DX*8), CX
	TESTQ CX, CX
	JZ    done
	MOVQ  AX, R14
	SHLXQ CX, AX, AX // by the lowest six bits
	MOVBLZX CX, DX
	SUBQ  DX, BX

	// The first coefficient.
	MOVL  CX, DX
	SHRL  $8, DX
	MOVBLZX DX, DX
	ADDL  DX, R12
	MOVL  (R10)(R12*4), R13
	MOVL  CX, R15
	SARL  $16, R15
	MOVL  R13, DX
	SHRL  $8, DX
	IMULL DX, R15
	ANDL  $127, R13
	MOVW  R15, (R11)(R13*2)
	CMPL  R12, $63
	JE    last

	// The second, which goes nowhere if there is none.
	MOVQ  CX, R15
	SARQ  $52, R15
	SHRQ  $32, CX
	MOVBLZX CX, R13
	ADDL  R12, R13
	MOVL  4(R10)(R13*4), R13 // k is still that of the first
	MOVL  R13, DX
	SHRL  $8, DX
	IMULL DX, R15
	ANDL  $127, R13
	MOVW  R15, (R11)(R13*2)
	SHRL  $8, CX
	MOVBLZX CX, CX
	LEAL  1(R12)(CX*1), R12
	CMPL  R12, $64
	JLT   next

done:
	MOVQ r+0(FP), DX
	MOVQ DI, bitReader_pos(DX)
	MOVQ AX, bitReader_acc(DX)
	MOVQ BX, bitReader_n(DX)
	MOVL R12, ret+48(FP)
	RET

first:
	CMPQ BX, $const_shortBits
	JLT  refill
	MOVQ AX, DX
	SHRQ $(64-const_shortBits), DX
	MOVQ dc+8(FP), CX
	MOVQ (CX)(DX*8), CX
	TESTQ CX, CX
	JZ   done

	SHLXQ CX, AX, AX
	MOVBLZX CX, DX
	SUBQ  DX, BX
	SARL  $16, CX
	MOVL  (R10), DX
	SHRL  $8, DX
	IMULL DX, CX
	MOVW  CX, (R11)
	INCL  R12
	JMP   next

last: // of the block: the second is the next one's, and goes back
	MOVQ  CX, DX
	SHRQ  $48, DX
	ANDL  $15, DX
	MOVBLZX CX, CX
	ADDQ  CX, BX
	SUBQ  DX, BX
	SHLXQ DX, R14, AX
	INCL  R12
	JMP   done

refill:
	CMPQ  DI, R8
	JGT   bytes
	MOVQ  (SI)(DI*1), DX
	MOVQ  DX, R13
	NOTQ  R13
	MOVQ  $0x0101010101010101, R15
	SUBQ  R15, R13
	ANDQ  DX, R13
	SHLQ  $7, R15
	TESTQ R15, R13 // the complement has a zero byte
	JNZ   bytes
	BSWAPQ DX
	SHRXQ BX, DX, DX
	ORQ   DX, AX // the bits of the last byte that are not counted yet come again
	MOVQ  $63, DX
	SUBQ  BX, DX
	SHRQ  $3, DX
	ADDQ  DX, DI
	ORQ   $56, BX

filled:
	TESTL R12, R12
	JZ    first
	JMP   look

bytes: // fill
	MOVQ r+0(FP), R14
	MOVQ bitReader_data+8(R14), R15

byte:
	CMPQ  DI, R15
	JGE   past
	MOVBLZX (SI)(DI*1), DX
	CMPL  DX, $0xff
	JNE   take
	LEAQ  1(DI), CX
	CMPQ  CX, R15
	JGE   past
	CMPB  (SI)(CX*1), $0
	JNE   past
	MOVQ  CX, DI

take:
	INCQ  DI
	MOVQ  $56, CX
	SUBQ  BX, CX
	SHLXQ CX, DX, DX
	ORQ   DX, AX

count:
	ADDQ $8, BX
	CMPQ BX, $56
	JLE  byte
	JMP  filled

past:
	ADDQ $8, bitReader_past(R14)
	JMP  count
