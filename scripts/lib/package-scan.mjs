// n8n's own scan of community packages, in a process of its own: it leaves its temporary folder behind.
//
// usage: package-scan.mjs <folder> source|packed

const scanner = '@n8n/scan-community-package/scanner/scanner.mjs';
const { analyzePackage, SOURCE_FILE_PATTERNS } = await import(scanner);

/** What the scan reads of a package as it came from npm. */
const PACKED_FILE_PATTERNS = ['**/*.js', 'package.json'];

const [folder, kind] = process.argv.slice(2);
const result = await analyzePackage(folder, kind === 'source' ? SOURCE_FILE_PATTERNS : PACKED_FILE_PATTERNS);
// A scan that found no files passes with a message.
if (!result.passed || result.message) {
	console.error(result.details ?? result.message);
	process.exitCode = 1;
}
