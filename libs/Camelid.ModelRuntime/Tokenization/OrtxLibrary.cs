using System.Runtime.InteropServices;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>The tokenizer C API of ONNX Runtime Extensions, as libonnxruntime-genai exports it.</summary>
internal static unsafe partial class OrtxLibrary
{
    private const string Name = "onnxruntime-genai";

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int OrtxCreateTokenizer(out nint tokenizer, string folder);

    [LibraryImport(Name)]
    internal static partial int OrtxTokenize(nint tokenizer, nint* texts, nuint count, out nint ids);

    [LibraryImport(Name)]
    internal static partial int OrtxTokenId2DArrayGetItem(nint ids, nuint index, out uint* items, out nuint count);

    [LibraryImport(Name)]
    internal static partial int OrtxDetokenize1D(nint tokenizer, uint* ids, nuint count, out nint strings);

    [LibraryImport(Name)]
    internal static partial int OrtxStringArrayGetItem(nint strings, nuint index, out nint utf8);

    [LibraryImport(Name)]
    internal static partial int OrtxCreateTokenizerFromBlob(out nint tokenizer, OrtxTokenizerBlob* blob);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int OrtxApplyChatTemplate(
        nint tokenizer, string template, string messages, nint tools, out nint result,
        [MarshalAs(UnmanagedType.U1)] bool addGenerationPrompt, [MarshalAs(UnmanagedType.U1)] bool tokenize);

    [LibraryImport(Name)]
    internal static partial int OrtxTensorResultGetAt(nint result, nuint index, out nint tensor);

    [LibraryImport(Name)]
    internal static partial int OrtxGetTensorData(nint tensor, out nint data, out nint shape, out nuint dimensions);

    [LibraryImport(Name)]
    internal static partial nint OrtxGetLastErrorMessage();

    [LibraryImport(Name)]
    internal static partial int OrtxDispose(ref nint item);

    /// <summary>Throws what the library says where a call failed.</summary>
    internal static void Check(int error)
    {
        if (error != 0)
        {
            string? message = Marshal.PtrToStringUTF8(OrtxGetLastErrorMessage());
            throw new InvalidOperationException($"the tokenizer library failed ({error}): {message}");
        }
    }
}

/// <summary>The files of a tokenizer in memory, as the library's header lays them out.</summary>
internal unsafe struct OrtxTokenizerBlob
{
    internal byte* Config, Vocabulary, TokenModule, RawModel, Reserved;
    internal nuint ConfigBytes, VocabularyBytes, TokenModuleBytes, RawModelBytes, ReservedBytes;
}

/// <summary>Owns a tokenizer of the library. Calls are serialised: nothing promises that it may be shared.</summary>
internal sealed unsafe class OrtxTokenizer : IDisposable
{
    private readonly Lock gate = new();
    private nint handle;

    internal OrtxTokenizer(string folder) => OrtxLibrary.Check(OrtxLibrary.OrtxCreateTokenizer(out handle, folder));

    /// <summary>Encodes text that is not empty and holds no NUL: the API takes C strings.</summary>
    internal uint[] Encode(string text)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(handle == 0, this);
            nint utf8 = Marshal.StringToCoTaskMemUTF8(text);
            nint ids = 0;
            try
            {
                OrtxLibrary.Check(OrtxLibrary.OrtxTokenize(handle, &utf8, 1, out ids));
                OrtxLibrary.Check(OrtxLibrary.OrtxTokenId2DArrayGetItem(ids, 0, out uint* items, out nuint count));
                return new ReadOnlySpan<uint>(items, checked((int)count)).ToArray();
            }
            finally
            {
                Marshal.FreeCoTaskMem(utf8);
                Release(ref ids);
            }
        }
    }

    /// <summary>Decodes; the library dies of zero ids, so none are given to it.</summary>
    internal string Decode(ReadOnlySpan<uint> ids)
    {
        if (ids.IsEmpty)
        {
            return "";
        }

        lock (gate)
        {
            ObjectDisposedException.ThrowIf(handle == 0, this);
            nint strings = 0;
            try
            {
                fixed (uint* first = ids)
                {
                    OrtxLibrary.Check(OrtxLibrary.OrtxDetokenize1D(handle, first, (nuint)ids.Length, out strings));
                }

                OrtxLibrary.Check(OrtxLibrary.OrtxStringArrayGetItem(strings, 0, out nint utf8));
                return Marshal.PtrToStringUTF8(utf8) ?? "";
            }
            finally
            {
                Release(ref strings);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            Release(ref handle);
        }
    }

    private static void Release(ref nint item)
    {
        if (item != 0)
        {
            OrtxLibrary.Check(OrtxLibrary.OrtxDispose(ref item));
            item = 0;
        }
    }
}
