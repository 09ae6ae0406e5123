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

    /// <summary>The tensors of the package by name: each that the architecture needs, of the shape it needs.</summary>
    /// <exception cref="ModelPackageException">The graph cannot be read, points outside the package's files, or lacks
    /// a tensor.</exception>
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

        Dictionary<string, ExternalTensor> tensors = new(StringComparer.Ordinal);
        foreach (TensorProto tensor in model.Graph?.Initializer.Where(IsExternal) ?? [])
        {
            tensors[tensor.Name] = ToWeight(package, tensor);
        }

        ModelManifest manifest = package.Manifest;
        foreach (TensorSpec needed in WeightCatalog.Of(manifest.Architecture, manifest.Precision)
            .SelectMany(weight => weight.Tensors(manifest.Precision)))
        {
            Check(needed, tensors);
        }

        return tensors;
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

    private static void Check(TensorSpec needed, Dictionary<string, ExternalTensor> tensors)
    {
        if (!tensors.TryGetValue(needed.Name, out ExternalTensor? found))
        {
            throw new ModelPackageException(
                $"{ModelPackage.GraphFile}: the model has no weight {needed.Name}; the package is not complete");
        }

        if (found.ElementType != needed.ElementType || !found.Dimensions.SequenceEqual(needed.Dimensions)
            || found.Length != needed.Bytes)
        {
            throw new ModelPackageException(
                $"{ModelPackage.GraphFile}: weight {needed.Name} is [{string.Join(", ", found.Dimensions)}] of type "
                + $"{found.ElementType} in {found.Length} bytes; the architecture in the manifest needs "
                + $"[{string.Join(", ", needed.Dimensions)}] of type {needed.ElementType} in {needed.Bytes} bytes");
        }
    }
}
