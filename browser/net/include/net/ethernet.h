/* SPDX-License-Identifier: GPL-2.0-only */
/* ethernet.h - for C libraries that have none */
#ifndef BROWSER_NET_ETHERNET_H
#define BROWSER_NET_ETHERNET_H

#define ETHERTYPE_IP 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_IPV6 0x86dd

#endif
