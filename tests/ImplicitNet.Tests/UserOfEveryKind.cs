namespace ImplicitNet.Tests;

/// <summary>Uses another type in every way there is, for the tests of <see cref="TypeUses"/>.</summary>
[UsedAsAttribute(typeof(UsedInAttribute))]
internal sealed class UserOfEveryKind : UsedAsBase, IUsedAsInterface
{
    private readonly UsedAsField? _field;

    public UserOfEveryKind(UsedAsField? field) => _field = field;

    public static string[] Expected { get; } =
    [
        "IUsedAsInterface", "UsedAsArgument", "UsedAsAttribute", "UsedAsBase", "UsedAsConstraint", "UsedAsElement", "UsedAsField", "UsedAsProperty", "UsedAsResult",
        "UsedByCall", "UsedByCast", "UsedByCatch", "UsedByClosure", "UsedByCreation", "UsedByLocal", "UsedByTypeOf", "UsedInAttribute", "UsedInGeneric", "UsedInMethod",
    ];

    public UsedAsProperty? Property => _field is null ? null : new object() as UsedAsProperty;

    public static UsedAsResult? Method(UsedAsArgument argument, UsedAsElement[] elements, List<UsedInGeneric> list)
    {
        UsedByLocal? local = default;
        try
        {
            UsedByCall.Call();
            object made = new UsedByCreation();
            Func<object?> closure = () => new UsedByClosure();
            return made is UsedByCast || local is null || argument is null || elements.Length + list.Count == 0 ? Find<UsedInMethod>() : closure() as UsedAsResult;
        }
        catch (UsedByCatch)
        {
            return typeof(UsedByTypeOf).IsAbstract ? null : new UsedAsResult();
        }
    }

    private static UsedAsResult? Find<T>()
        where T : UsedAsConstraint => null;
}

[AttributeUsage(AttributeTargets.Class)]
internal sealed class UsedAsAttribute(Type type) : Attribute
{
    public Type Type => type;
}

internal abstract class UsedAsBase;

internal interface IUsedAsInterface;

internal sealed class UsedInAttribute;

internal sealed class UsedAsField;

internal sealed class UsedAsProperty;

internal sealed class UsedAsResult;

internal sealed class UsedAsArgument;

internal sealed class UsedAsElement;

internal sealed class UsedInGeneric;

internal sealed class UsedByLocal;

internal static class UsedByCall
{
    public static void Call()
    {
    }
}

internal sealed class UsedByCreation;

internal sealed class UsedByCast;

internal sealed class UsedByClosure;

internal abstract class UsedAsConstraint;

internal sealed class UsedInMethod : UsedAsConstraint;

internal sealed class UsedByCatch : Exception;

internal sealed class UsedByTypeOf;
