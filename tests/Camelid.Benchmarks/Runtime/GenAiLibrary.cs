using System.Runtime.InteropServices;

namespace Camelid.Benchmarks.Runtime;

/// <summary>The generation C API of ONNX Runtime GenAI (ort_genai_c.h). Not thread safe.</summary>
internal static unsafe partial class GenAiLibrary
{
    private const string Name = "onnxruntime-genai", TelemetrySwitch = "OgaSetTelemetryEnabled";

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint OgaCreateConfig(string folder, out nint config);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint OgaConfigOverlay(nint config, string json);

    [LibraryImport(Name)]
    internal static partial nint OgaCreateModelFromConfig(nint config, out nint model);

    [LibraryImport(Name)]
    internal static partial nint OgaCreateGeneratorParams(nint model, out nint parameters);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint OgaGeneratorParamsSetSearchNumber(nint parameters, string name, double value);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint OgaGeneratorParamsSetSearchBool(
        nint parameters, string name, [MarshalAs(UnmanagedType.U1)] bool value);

    [LibraryImport(Name)]
    internal static partial nint OgaCreateGenerator(nint model, nint parameters, out nint generator);

    [LibraryImport(Name)]
    internal static partial nint OgaGenerator_AppendTokens(nint generator, int* tokens, nuint count);

    [LibraryImport(Name)]
    internal static partial nint OgaGenerator_GenerateNextToken(nint generator);

    [LibraryImport(Name)]
    internal static partial nint OgaGenerator_GetNextTokens(nint generator, out int* tokens, out nuint count);

    [LibraryImport(Name)]
    internal static partial nint OgaGenerator_GetLogits(nint generator, out nint tensor);

    [LibraryImport(Name)]
    internal static partial nint OgaTensorGetData(nint tensor, out float* data);

    [LibraryImport(Name)]
    internal static partial nint OgaTensorGetShapeRank(nint tensor, out nuint rank);

    [LibraryImport(Name)]
    internal static partial nint OgaTensorGetShape(nint tensor, long* dimensions, nuint rank);

    [LibraryImport(Name)]
    internal static partial nint OgaResultGetError(nint result);

    [LibraryImport(Name)]
    internal static partial void OgaDestroyResult(nint result);

    [LibraryImport(Name)]
    internal static partial void OgaDestroyConfig(nint config);

    [LibraryImport(Name)]
    internal static partial void OgaDestroyModel(nint model);

    [LibraryImport(Name)]
    internal static partial void OgaDestroyGeneratorParams(nint parameters);

    [LibraryImport(Name)]
    internal static partial void OgaDestroyGenerator(nint generator);

    [LibraryImport(Name)]
    internal static partial void OgaDestroyTensor(nint tensor);

    /// <summary>Throws what the library says where a call failed.</summary>
    internal static void Check(nint result)
    {
        if (result == 0)
        {
            return;
        }

        string message = Marshal.PtrToStringUTF8(OgaResultGetError(result)) ?? "";
        OgaDestroyResult(result);
        throw new InvalidOperationException($"ONNX Runtime GenAI failed: {message}");
    }

    /// <summary>A benchmark sends nothing to anybody. Versions that report nothing have no such switch.</summary>
    internal static void SilenceTelemetry()
    {
        nint library = NativeLibrary.Load(Name, typeof(GenAiLibrary).Assembly, null);
        if (NativeLibrary.TryGetExport(library, TelemetrySwitch, out nint entry))
        {
            ((delegate* unmanaged<byte, nint>)entry)(0);
        }
    }
}
