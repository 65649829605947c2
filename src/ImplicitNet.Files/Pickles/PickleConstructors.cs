namespace ImplicitNet.Files.Pickles;

/// <summary>What the reader of a format understands of the objects in its pickles.</summary>
internal abstract class PickleConstructors
{
    /// <summary>What a described object stands for: the description itself where it is none that is understood.</summary>
    public abstract object? Make(PickleObject described);

    /// <summary>What the name of an object outside the pickle stands for.</summary>
    public abstract object Persistent(object? id);
}
