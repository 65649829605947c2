namespace ImplicitNet.Fuzz;

/// <summary>One kind of file: how a case of it is made, and what reads it.</summary>
internal abstract class FuzzFormat
{
    /// <summary>The name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Makes a file: right in all that a reader looks at first, mostly, and wrong somewhere behind.</summary>
    public abstract byte[] Make(FuzzRandom random);

    /// <summary>Reads a file by the reader of the product; its refusals are exceptions.</summary>
    /// <param name="path">The file.</param>
    /// <param name="random">Decides between several readers of one kind.</param>
    public abstract void Read(string path, FuzzRandom random);

    /// <summary>Whether an exception is one that the reader's documentation names.</summary>
    public abstract bool IsRefusal(Exception exception);
}
