#!/bin/bash
# The description of the calls has every call that there is, and no other
. "$(dirname "$0")/lib.sh"

it 'it is YAML, of OpenAPI'
host python3 -c "
import re, yaml
described = yaml.safe_load(open('service/api/openapi.yaml'))
assert described['openapi'].startswith('3.1')
have = {(method.upper(), re.sub(r'{[a-z]+}', '{}', path)) for path, methods in described['paths'].items()
        for method in methods if method != 'parameters'}
text = open('service/routes.c').read().replace('SANDBOX \"', '\"/v1/sandboxes/{}').replace('SANDBOX', '\"/v1/sandboxes/{}\"')
want = set(re.findall(r'{ \"([A-Z]+)\", +\"(/[^\"]*)\", .*DIALECT_OURS', text))
print('not described:', sorted(want - have)) if want - have else None
print('not there:', sorted(have - want)) if have - want else None
for schema in set(re.findall(r'#/components/schemas/([A-Za-z]+)', open('service/api/openapi.yaml').read())):
    assert schema in described['components']['schemas'], schema"
expect ''
it 'the manual has every option'
host sh -c "vitrined --help | sed -nE 's/^  (-.|  )?,? *--([a-z][a-z-]*).*/\2/p' | while read -r option; do
	grep -qE \"Fl (-|. , Fl -)\$option\" man/vitrined.1 || echo \"\$option\"; done"
expect ''
