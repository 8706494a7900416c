// SPDX-License-Identifier: GPL-2.0-or-later
// What QEMU's q35 lacks: frequencies of two CPUs, mains, a battery, a thermal zone and a power meter. Their registers are
// the four bytes of memory behind the I/O ports of QEMU's pc-testdev, which the guest's /dev/port reaches too:
//   0xe0, 0xe1  frequency of CPU 0 and 1, in 100 MHz: acpi-cpufreq's control and status
//   0xe2        bit 0: mains on line; bits 4 and 5: the fastest state that the platform allows (0 to 3); bits 6 and 7: how far
//               the battery is drained (0 to 3)
//   0xe3        temperature in C; 0 means 40
// Without pc-testdev the ports read 0xff: 255 C, and the kernel powers off.
DefinitionBlock ("", "SSDT", 2, "EBB", "PLATFORM", 1)
{
  External (\_SB.CPUS.C000, ProcessorObj)
  External (\_SB.CPUS.C001, ProcessorObj)

  OperationRegion (PORT, SystemIO, 0xE2, 2)
  Field (PORT, ByteAcc, NoLock, Preserve) { FLAG, 8, HEAT, 8 }
  Name (SEEN, 0)

  // MHz, mW, us, us, control, status
  Name (PSTS, Package ()
  {
    Package () { 2400, 35000, 10, 10, 24, 24 },
    Package () { 1800, 24000, 10, 10, 18, 18 },
    Package () { 1200, 15000, 10, 10, 12, 12 },
    Package () {  800,  9000, 10, 10,  8,  8 }
  })

  Scope (\_SB.CPUS.C000)
  {
    Method (_PPC) { Return ((\FLAG >> 4) & 3) }
    Method (_PSS) { Return (\PSTS) }
    Name (_PCT, Package () { ResourceTemplate () { Register (SystemIO, 8, 0, 0xE0) },
                             ResourceTemplate () { Register (SystemIO, 8, 0, 0xE0) } })
    Name (_CST, Package () { 1, Package () { ResourceTemplate () { Register (FFixedHW, 0, 0, 0) }, 1, 1, 1000 } })
  }
  Scope (\_SB.CPUS.C001)
  {
    Method (_PPC) { Return ((\FLAG >> 4) & 3) }
    Method (_PSS) { Return (\PSTS) }
    Name (_PCT, Package () { ResourceTemplate () { Register (SystemIO, 8, 0, 0xE1) },
                             ResourceTemplate () { Register (SystemIO, 8, 0, 0xE1) } })
    Name (_CST, Package () { 1, Package () { ResourceTemplate () { Register (FFixedHW, 0, 0, 0) }, 1, 1, 1000 } })
  }

  Scope (\_SB)
  {
    Device (ADP0)
    {
      Name (_HID, "ACPI0003")
      Name (_PCL, Package () { \_SB })
      Method (_PSR) { Return (\FLAG & 1) }
    }
    Device (BAT0)
    {
      Name (_HID, EisaId ("PNP0C0A"))
      Name (_PCL, Package () { \_SB })
      Method (_STA) { Return (0x1F) }
      Method (_BIF) { Return (Package () { 0, 50000, 48000, 1, 12000, 5000, 2000, 10, 10, "EBB", "1", "LION", "EBB" }) }
      Name (BST, Package () { 0, 0, 0, 0 })
      Method (_BST) // charging with 10 W on mains, discharging with 15 W without; at 85, 60, 35 or 10 %
      {
        BST[2] = 40800 - ((\FLAG >> 6) * 12000)
        If (\FLAG & 1) { BST[0] = 2 BST[1] = 10000 BST[3] = 12000 }
        Else { BST[0] = 1 BST[1] = 15000 BST[3] = 11500 }
        Return (BST)
      }
    }
    Device (PMT0) // power meter, mW
    {
      Name (_HID, "ACPI000D")
      Name (_PMC, Package () { 1, 0, 0, 90000, 1000, 0, 0, 0, 0, 0, 0, "EBB", "1", "EBB" })
      Name (_PMD, Package () { \_SB })
      Method (_PMM) { If (\FLAG & 1) { Return (25000) } Return (15000) }
      Method (_GAI) { Return (1000) }
      Method (_PAI, 1) { Return (0) }
    }
  }

  Scope (\_TZ)
  {
    ThermalZone (TZ00) // 0.1 K; read once a second (_TZP), and with it whether the flags have changed
    {
      Method (_TMP)
      {
        If (\SEEN != \FLAG)
        {
          \SEEN = \FLAG
          Notify (\_SB.CPUS.C000, 0x80)
          Notify (\_SB.CPUS.C001, 0x80)
          Notify (\_SB.ADP0, 0x80)
          Notify (\_SB.BAT0, 0x80)
        }
        Local0 = \HEAT
        If (Local0 == 0) { Local0 = 40 }
        Return (2732 + (Local0 * 10))
      }
      Name (_CRT, 3832) // 110 C
      Name (_HOT, 3732) // 100 C
      Name (_PSV, 3532) // 80 C: frequencies are cut
      Name (_PSL, Package () { \_SB.CPUS.C000, \_SB.CPUS.C001 })
      Name (_TC1, 2)
      Name (_TC2, 3)
      Name (_TSP, 10)
      Name (_TZP, 10)
    }
  }
}
