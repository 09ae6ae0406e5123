using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing;

/// <summary>
/// A model in somebody else's format cannot be imported. The message names the file, the tensor where one is at fault,
/// and what to do.
/// </summary>
public sealed class ModelImportException : ModelPackageException
{
    /// <summary>Without a message.</summary>
    public ModelImportException()
    {
    }

    /// <summary>With what is wrong and what to do.</summary>
    public ModelImportException(string message)
        : base(message)
    {
    }

    /// <summary>With what is wrong, what to do, and the cause.</summary>
    public ModelImportException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
