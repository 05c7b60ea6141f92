// n8n's scan of community packages, in its own process because it leaves a temporary folder behind.
//
// usage: package-scan.mjs <folder> source|packed

const scanner = '@n8n/scan-community-package/scanner/scanner.mjs';
const { analyzePackage, SOURCE_FILE_PATTERNS } = await import(scanner);

/** Files that the scan reads of a published package. */
const PACKED_FILE_PATTERNS = ['**/*.js', 'package.json'];

const [folder, kind] = process.argv.slice(2);
const result = await analyzePackage(folder, kind === 'source' ? SOURCE_FILE_PATTERNS : PACKED_FILE_PATTERNS);
// A scan without files passes, with a message.
if (!result.passed || result.message) {
	console.error(result.details ?? result.message);
	process.exitCode = 1;
}
