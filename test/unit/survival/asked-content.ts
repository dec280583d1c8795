import type { Asked } from './asked.ts'
import { older, parts, pdf, pdfUrl, png, pngUrl, wav } from './asked-words.ts'
import { smallest } from './families.ts'

const address = 'https://x.test/a.pdf'
const system = (content: string) => ({ role: 'system', content })
const developer = (content: string) => ({ role: 'developer', content })
const yes = { role: 'assistant', content: 'Yes' }
const more = { role: 'user', content: 'More' }

export const content: readonly Asked[] = [
  {
    what: 'a system prompt',
    in: {
      openai: { messages: [{ role: 'system', content: 'Be brief.' }, ...smallest.openai.messages] },
      anthropic: { system: 'Be brief.' },
      responses: { instructions: 'Be brief.' },
      gemini: { systemInstruction: { parts: [{ text: 'Be brief.' }] } },
    },
    arrives: {
      openai: { role: 'system', content: 'Be brief.' },
      anthropic: { system: [{ type: 'text', text: 'Be brief.' }] },
      gemini: { systemInstruction: { parts: [{ text: 'Be brief.' }] } },
      bedrock: { system: [{ text: 'Be brief.' }] },
      ollama: { role: 'system', content: 'Be brief.' },
      mistral: { role: 'system', content: 'Be brief.' },
    },
  },
  {
    what: 'a picture',
    in: {
      openai: parts.openai({ type: 'image_url', image_url: { url: pngUrl } }),
      anthropic: parts.anthropic({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }),
      responses: parts.responses({ type: 'input_image', image_url: pngUrl, detail: 'auto' }),
      gemini: parts.gemini({ inlineData: { mimeType: 'image/png', data: png } }),
    },
    arrives: {
      openai: { type: 'image_url', image_url: { url: pngUrl } },
      responses: { type: 'input_image', image_url: pngUrl },
      anthropic: { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
      gemini: { inlineData: { mimeType: 'image/png', data: png } },
      bedrock: { image: { format: 'png', source: { bytes: png } } },
      ollama: { images: [png] },
      mistral: { type: 'image_url', image_url: { url: pngUrl } },
    },
  },
  {
    what: 'a picture by its address',
    in: {
      openai: parts.openai({ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }),
      anthropic: parts.anthropic({ type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }),
      responses: parts.responses({ type: 'input_image', image_url: 'https://x.test/a.png', detail: 'auto' }),
    },
    arrives: {
      openai: { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
      responses: { type: 'input_image', image_url: 'https://x.test/a.png' },
      anthropic: { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
    },
  },
  {
    what: 'a PDF',
    in: {
      openai: parts.openai({ type: 'file', file: { filename: 'a.pdf', file_data: pdfUrl } }),
      anthropic: parts.anthropic({
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: pdf },
        title: 'a.pdf',
      }),
      responses: parts.responses({ type: 'input_file', filename: 'a.pdf', file_data: pdfUrl }),
      gemini: parts.gemini({ inlineData: { mimeType: 'application/pdf', data: pdf } }),
    },
    arrives: {
      mistral: { type: 'document_url', document_url: pdfUrl },
      openai: { type: 'file', file: { file_data: pdfUrl } },
      responses: { type: 'input_file', file_data: pdfUrl },
      anthropic: { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf } },
      gemini: { inlineData: { mimeType: 'application/pdf', data: pdf } },
      bedrock: { document: { format: 'pdf', source: { bytes: pdf } } },
    },
  },
  {
    what: 'sound',
    in: {
      openai: parts.openai({ type: 'input_audio', input_audio: { data: wav, format: 'wav' } }),
      gemini: parts.gemini({ inlineData: { mimeType: 'audio/wav', data: wav } }),
    },
    arrives: {
      responses: { type: 'input_audio', input_audio: { data: wav, format: 'wav' } },
      bedrock: { audio: { format: 'wav', source: { bytes: wav } } },
      mistral: { type: 'input_audio', input_audio: wav },
      openai: { type: 'input_audio', input_audio: { data: wav, format: 'wav' } },
      gemini: { inlineData: { mimeType: 'audio/wav', data: wav } },
    },
    refused: { anthropic: 'messages[0].content[0]' },
  },
  {
    what: 'a document that shall be cited',
    in: {
      anthropic: parts.anthropic({
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: pdf },
        title: 'a.pdf',
        context: 'A report.',
        citations: { enabled: true },
      }),
    },
    arrives: {
      mistral: { type: 'document_url', document_url: pdfUrl },
      anthropic: { type: 'document', citations: { enabled: true } },
      bedrock: { document: { format: 'pdf', citations: { enabled: true } } },
      openai: { type: 'file', file: { file_data: pdfUrl } },
      responses: { type: 'input_file', file_data: pdfUrl },
      gemini: { inlineData: { mimeType: 'application/pdf', data: pdf } },
    },
  },
  {
    what: 'systems and developers, before and between the others',
    in: {
      openai: {
        messages: [
          { role: 'system', content: 'One.' },
          { role: 'developer', content: 'Two.' },
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Yes' },
          { role: 'system', content: 'Three.' },
          { role: 'user', content: 'More' },
        ],
      },
      responses: {
        instructions: 'One.',
        input: [
          { role: 'developer', content: 'Two.' },
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Yes' },
          { role: 'system', content: 'Three.' },
          { role: 'user', content: 'More' },
        ],
      },
    },
    arrives: {
      openai: { messages: [system('One.'), developer('Two.'), yes, system('Three.'), more] },
      responses: {
        input: [system('One.'), developer('Two.'), { role: 'assistant' }, system('Three.'), more],
      },
      ...older({ messages: [system('One.'), system('Two.'), yes, system('Three.'), more] }),
      ollama: { messages: [system('One.'), system('Two.'), yes, system('Three.'), more] },
      anthropic: { system: [{ text: 'One.' }, { text: 'Two.' }, { text: 'Three.' }] },
      gemini: { systemInstruction: { parts: [{ text: 'One.' }, { text: 'Two.' }, { text: 'Three.' }] } },
      bedrock: { system: [{ text: 'One.' }, { text: 'Two.' }, { text: 'Three.' }] },
    },
    // A body of Responses' own has its instructions beside the input.
    unless: { responses: ['responses'] },
  },
  {
    what: 'a PDF by its address',
    in: {
      openai: parts.openai({ type: 'file', file: { file_id: address } }),
      anthropic: parts.anthropic({ type: 'document', source: { type: 'url', url: address } }),
      responses: parts.responses({ type: 'input_file', file_url: address }),
      gemini: parts.gemini({ fileData: { fileUri: address, mimeType: 'application/pdf' } }),
    },
    arrives: {
      responses: { type: 'input_file', file_url: address },
      anthropic: { type: 'document', source: { type: 'url', url: address } },
      gemini: { fileData: { fileUri: address, mimeType: 'application/pdf' } },
      mistral: { type: 'document_url', document_url: address },
      openrouter: { type: 'file', file: { file_data: address } },
    },
    refused: {
      openai: 'messages[0].content[0]',
      bedrock: 'messages[0].content[0].file',
      ollama: 'messages[0].content[0]',
    },
  },
  {
    what: 'a PDF that was sent before',
    in: {
      openai: parts.openai({ type: 'file', file: { file_id: 'file-1' } }),
      anthropic: parts.anthropic({ type: 'document', source: { type: 'file', file_id: 'file-1' } }),
      responses: parts.responses({ type: 'input_file', file_id: 'file-1' }),
    },
    arrives: {
      openai: { type: 'file', file: { file_id: 'file-1' } },
      responses: { type: 'input_file', file_id: 'file-1' },
      anthropic: { type: 'document', source: { type: 'file', file_id: 'file-1' } },
      mistral: { type: 'file', file_id: 'file-1' },
    },
    refused: {
      gemini: 'messages[0].content[0]',
      bedrock: 'messages[0].content[0].file',
      ollama: 'messages[0].content[0]',
    },
  },
  {
    what: 'a picture that was sent before',
    in: {
      anthropic: parts.anthropic({ type: 'image', source: { type: 'file', file_id: 'file-1' } }),
      responses: parts.responses({ type: 'input_image', file_id: 'file-1', detail: 'auto' }),
    },
    arrives: {
      openai: { type: 'file', file: { file_id: 'file-1' } },
      responses: { type: 'input_image', file_id: 'file-1' },
      anthropic: { type: 'image', source: { type: 'file', file_id: 'file-1' } },
      mistral: { type: 'file', file_id: 'file-1' },
    },
    refused: { gemini: 'messages[0].content[0]', bedrock: 'messages[0].content[0].file' },
  },
  {
    what: 'what a search of the caller found',
    in: {
      anthropic: parts.anthropic({
        type: 'search_result',
        source: 'https://x.test',
        title: 'Bonn',
        content: [{ type: 'text', text: 'It rains.' }],
        citations: { enabled: true },
      }),
    },
    arrives: {
      openai: { type: 'text', text: 'Bonn\nhttps://x.test\nIt rains.' },
      responses: { type: 'input_text', text: 'Bonn\nhttps://x.test\nIt rains.' },
      anthropic: { type: 'search_result', source: 'https://x.test', citations: { enabled: true } },
      gemini: { text: 'Bonn\nhttps://x.test\nIt rains.' },
      bedrock: { searchResult: { source: 'https://x.test', title: 'Bonn', content: [{ text: 'It rains.' }] } },
      ollama: { role: 'user', content: 'Bonn\nhttps://x.test\nIt rains.' },
    },
  },
  {
    what: 'a document of texts',
    in: {
      anthropic: parts.anthropic({
        type: 'document',
        title: 'Bonn',
        source: { type: 'content', content: [{ type: 'text', text: 'It rains.' }] },
      }),
    },
    arrives: {
      openai: { type: 'text', text: 'Bonn\nIt rains.' },
      responses: { type: 'input_text', text: 'Bonn\nIt rains.' },
      anthropic: { type: 'document', source: { type: 'content' } },
      gemini: { text: 'Bonn\nIt rains.' },
      bedrock: { document: { name: 'Bonn', source: { content: [{ text: 'It rains.' }] } } },
      ollama: { role: 'user', content: 'Bonn\nIt rains.' },
    },
  },
]
