import { credentials, nodes } from './descriptions/registered';

/** What n8n does with the package when it starts. */

test('all nodes load, each with a way to run', () => {
	expect(nodes.length).toBeGreaterThan(0);
	for (const { className, instance } of nodes) {
		expect(instance.description.displayName).not.toBe('');
		expect([className, typeof (instance.execute ?? instance.poll ?? instance.webhook)]).toEqual([
			className,
			'function',
		]);
	}
});

test('all credentials load, each with fields and a test', () => {
	expect(credentials.length).toBeGreaterThan(0);
	for (const { instance } of credentials) {
		expect(instance.properties.length).toBeGreaterThan(0);
		expect(instance.test).toBeDefined();
	}
});
