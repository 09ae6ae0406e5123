namespace Camelid.ModelRuntime.Packages;

/// <summary>
/// A model package cannot be used. The message names the file, the chunk where one is known, and what to do.
/// </summary>
public class ModelPackageException : Exception
{
    /// <summary>Without a message.</summary>
    public ModelPackageException()
    {
    }

    /// <summary>With what is wrong and what to do.</summary>
    public ModelPackageException(string message)
        : base(message)
    {
    }

    /// <summary>With what is wrong, what to do, and the cause.</summary>
    public ModelPackageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
