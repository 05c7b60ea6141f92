/** Names and addresses that mean something else, or nothing, outside of one machine or network. */
const PRIVATE_HOSTS: readonly RegExp[] = [
	// A name without a dot is that of a container or a machine.
	/^[^.:]+$/,
	/\.(?:localhost|local|lan|internal|home\.arpa)$/,
	/^(?:0|10|127)(?:\.\d+){3}$/,
	/^(?:169\.254|192\.168)(?:\.\d+){2}$/,
	/^172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}$/,
	/^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])(?:\.\d+){2}$/,
	// IPv6: this machine, IPv4 in it, one network.
	/^\[(?:::1?|::ffff:.*|f[cd].*|fe[89ab].*)\]$/,
];

function isPrivate({ hostname }: URL): boolean {
	const name = hostname.replace(/\.$/, '');
	return PRIVATE_HOSTS.some((pattern) => pattern.test(name));
}

/** Whether a service on the internet would have to call into a private network. */
export function isOutOfReach(address: string, serviceUrl: string): boolean {
	if (!URL.canParse(address) || !URL.canParse(serviceUrl)) return false;
	return isPrivate(new URL(address)) && !isPrivate(new URL(serviceUrl));
}
