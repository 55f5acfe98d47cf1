// Makes a picture small and clean: what a canvas paints has the pixels and nothing
// else, not where and when they were taken.

const SIDE = 1280; // pixels: it fills a phone's screen
const BYTES = 300e3; // a second or two on a busy radio
const QUALITIES = [0.85, 0.75, 0.65, 0.5, 0.4];
const SMALLEST = 160; // pixels

// Returns a file's picture as a JPEG; fails if the browser cannot read it.
export async function shrink(file) {
	const image = await decode(file);
	const width = image.naturalWidth || image.width;
	const height = image.naturalHeight || image.height;
	for (let side = SIDE; side > SMALLEST; side *= 0.75) {
		const scale = Math.min(1, side / Math.max(width, height));
		const canvas = paint(image, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
		for (const quality of QUALITIES) {
			const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', quality));
			if (blob.size <= BYTES) return bare(new Uint8Array(await blob.arrayBuffer()));
		}
	}
	throw new Error('too large');
}

// Browsers turn a picture as its camera was held. One that does not know the option
// refuses it; an <img> then does the same.
async function decode(file) {
	try {
		return await createImageBitmap(file, { imageOrientation: 'from-image' });
	} catch {
		const image = new Image();
		image.src = await dataUrl(file);
		await image.decode();
		return image;
	}
}

function paint(image, w, h) {
	const canvas = Object.assign(document.createElement('canvas'), { width: w, height: h });
	const pen = canvas.getContext('2d');
	pen.fillStyle = '#fff'; // behind what is transparent, which would be black
	pen.fillRect(0, 0, w, h);
	pen.imageSmoothingQuality = 'high';
	pen.drawImage(image, 0, 0, w, h);
	return canvas;
}

// Takes out of a JPEG what browsers add by themselves: Safari writes Exif and
// Photoshop segments into what its canvas makes. The room takes none with any.
function bare(bytes) {
	const parts = [bytes.subarray(0, 2)];
	let at = 2;
	while (bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
		const mark = bytes[at + 1];
		const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
		const extra = (mark > 0xe0 && mark < 0xf0 && mark !== 0xee) || mark === 0xfe;
		if (!extra) parts.push(bytes.subarray(at, end));
		at = end;
	}
	return new Blob([...parts, bytes.subarray(at)], { type: 'image/jpeg' });
}

// The page's policy lets an <img> show these, and no blob: addresses.
export function dataUrl(blob) {
	return new Promise((done, failed) => {
		const reader = new FileReader();
		reader.onload = () => done(reader.result);
		reader.onerror = () => failed(reader.error);
		reader.readAsDataURL(blob);
	});
}
