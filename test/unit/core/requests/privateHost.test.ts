import { isOutOfReach } from '../../../../nodes/shared/core/requests/privateHost';

const SERVICE = 'https://api.example.com';

test.each([
	'http://localhost:5678/webhook/1',
	'http://n8n:5678/webhook/1',
	'http://n8n.localhost/webhook/1',
	'http://nas.local/webhook/1',
	'http://n8n.internal./webhook/1',
	'http://127.0.0.1:5678/webhook/1',
	'http://127.1/webhook/1',
	'http://0.0.0.0:5678/webhook/1',
	'http://10.1.2.3/webhook/1',
	'http://172.16.0.1/webhook/1',
	'http://172.31.255.1/webhook/1',
	'http://192.168.1.20/webhook/1',
	'http://169.254.1.1/webhook/1',
	'http://100.64.0.1/webhook/1',
	'http://[::1]:5678/webhook/1',
	'http://[::ffff:127.0.0.1]/webhook/1',
	'http://[fd00::1]/webhook/1',
	'http://[fe80::1]/webhook/1',
])('%s cannot be called from the internet', (address) => {
	expect(isOutOfReach(address, SERVICE)).toBe(true);
});

test.each([
	'https://n8n.example.com/webhook/1',
	'https://10.example.com/webhook/1',
	'https://localhost.example.com/webhook/1',
	'http://8.8.8.8/webhook/1',
	'http://172.32.0.1/webhook/1',
	'http://100.128.0.1/webhook/1',
	'http://[2001:4860:4860::8888]/webhook/1',
	'',
])('%s may be called', (address) => {
	expect(isOutOfReach(address, SERVICE)).toBe(false);
});

test.each(['http://127.0.0.1:4010', 'http://localhost:4010', 'http://sandbox:4010', 'http://192.168.1.5'])(
	'a service at %s is inside as well',
	(service) => {
		expect(isOutOfReach('http://localhost:5678/webhook/1', service)).toBe(false);
	},
);
