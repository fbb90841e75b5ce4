#!/bin/bash
# dpkg and apt, from a repository inside the image
. "$(dirname "$0")/../../lib.sh"
uses debian
seconds=180

it 'dpkg installs and removes'
guest sh -c 'mkdir -p /tmp/p/DEBIAN /tmp/p/usr/bin && printf "#!/bin/sh\necho installed\n" >/tmp/p/usr/bin/hi && chmod +x /tmp/p/usr/bin/hi
printf "Package: hi\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: hi\n" >/tmp/p/DEBIAN/control
dpkg-deb -b /tmp/p /tmp/hi.deb >/dev/null && dpkg -i /tmp/hi.deb >/dev/null 2>&1 && hi && dpkg -r hi >/dev/null 2>&1; hi 2>/dev/null || echo gone'
expect 'installed
gone'

it 'apt-get installs from a repository in the image'
guest sh -c 'mkdir -p /tmp/p/DEBIAN /srv/repo && printf "Package: hi\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: hi\n" >/tmp/p/DEBIAN/control
dpkg-deb -b /tmp/p /srv/repo/hi_1_all.deb >/dev/null; cd /srv/repo
{ dpkg-deb -f hi_1_all.deb; echo "Filename: ./hi_1_all.deb"; echo "Size: $(stat -c %s hi_1_all.deb)"; echo "SHA256: $(sha256sum hi_1_all.deb | cut -d" " -f1)"; } >Packages
rm -rf /etc/apt/sources.list*; echo "deb [trusted=yes] file:/srv/repo ./" >/etc/apt/sources.list
apt-get -qq update && apt-get -qq install -y hi >/dev/null 2>&1; dpkg-query -W -f "\${Status}\n" hi'
shows '*install ok installed'
