using System.Globalization;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Google.Protobuf;
using Onnx;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>
/// Reads from a package's graph where its weights lie. The graph of the run is built anew, for as many slots as
/// wanted.
/// </summary>
internal static class PackageWeights
{
    private const int GraphBytesMax = 64 << 20;

    /// <summary>The weights by name.</summary>
    /// <exception cref="ModelPackageException">The graph cannot be read, or points outside the package's
    /// files.</exception>
    internal static Dictionary<string, ExternalTensor> Read(ModelPackage package)
    {
        string path = package.PathOf(ModelPackage.GraphFile);
        if (new FileInfo(path).Length > GraphBytesMax)
        {
            throw new ModelPackageException(
                $"{path} is longer than {GraphBytesMax} bytes: weights belong in another file");
        }

        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ModelPackageException($"{path} is not an ONNX graph: {e.Message}", e);
        }

        Dictionary<string, ExternalTensor> weights = new(StringComparer.Ordinal);
        foreach (TensorProto tensor in model.Graph.Initializer.Where(IsExternal))
        {
            weights[tensor.Name] = ToWeight(package, tensor);
        }

        return weights;
    }

    private static bool IsExternal(TensorProto tensor) =>
        tensor.DataLocation == TensorProto.Types.DataLocation.External;

    private static ExternalTensor ToWeight(ModelPackage package, TensorProto tensor)
    {
        string text(string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value ?? "";
        bool whole(string key, out long value) =>
            long.TryParse(text(key), NumberStyles.None, CultureInfo.InvariantCulture, out value);
        string location = text("location");
        PackageFile? file = package.Manifest.Files.FirstOrDefault(candidate => candidate.Path == location);
        if (file is null || !whole("offset", out long offset) || !whole("length", out long length)
            || offset > file.Bytes || length > file.Bytes - offset)
        {
            throw new ModelPackageException(
                $"{ModelPackage.GraphFile}: weight {tensor.Name} does not lie inside a file of the package");
        }

        return new ExternalTensor(tensor.Name, tensor.DataType, tensor.Dims, location, offset, length);
    }
}
