/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI functions: configuration by ports 0xcf8 and 0xcfc, memory BARs, MSI-X [PCI
 * Local Bus Specification 3.0, sections 3.2.2.3, 6.1, 6.2.5, 6.7, 6.8.2].
 */
#ifndef EXO_BARE_PCI_H
#define EXO_BARE_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_BARS 6u

/** A function, as the configuration port names it. */
struct pci_fn {
	uint32_t name;
};

/** Whether the machine has PCI at all. */
bool pci_there(void);

/** Find the n-th function (from 0) with these ids. false: there is none. */
bool pci_find(uint16_t vendor, uint16_t device, uint32_t n, struct pci_fn *out);

/** Read, write configuration space; off is below 256 and aligned. */
uint32_t pci_read(struct pci_fn f, uint32_t off, uint32_t bytes);
void pci_write16(struct pci_fn f, uint32_t off, uint16_t v);

/** The next capability with an id, behind off (0: the first); its offset, or 0. */
uint32_t pci_cap(struct pci_fn f, uint8_t id, uint32_t off);

/** Where a memory BAR lies, and its size. false: it is none, or nowhere. The function
 * does not decode while it is asked. */
bool pci_bar(struct pci_fn f, uint32_t bar, uint64_t *at, uint64_t *size);

/** Let it decode memory and be a master of the bus. */
void pci_enable(struct pci_fn f);

/** Have MSI-X message 0 be an interrupt of this processor, all others masked.
 * false: the function has no MSI-X. */
bool pci_msix(struct pci_fn f, uint8_t vector);

#endif
