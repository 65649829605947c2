using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace ImplicitNet.Tests;

/// <summary>
/// The public surface of an assembly as text, with all that a change could break: what a type is and stands on, what can be derived or overridden,
/// names and defaults of parameters, and what may be null.
/// </summary>
internal static class ApiText
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    public static IEnumerable<string> Of(Assembly assembly) =>
        assembly.GetExportedTypes().Where(type => !IsOfCompiler(type)).OrderBy(type => type.FullName, StringComparer.Ordinal).SelectMany(Describe);

    private static IEnumerable<string> Describe(Type type)
    {
        yield return Head(type);
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            yield return $"  {Method(type.GetMethod("Invoke")!)}";
            yield break;
        }

        const BindingFlags declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        IEnumerable<string> members = type.GetMembers(declared)
            .Where(IsVisible)
            .Where(member => member is not MethodInfo { IsSpecialName: true } || member.Name.StartsWith("op_", StringComparison.Ordinal))
            .Where(member => !member.IsDefined(typeof(CompilerGeneratedAttribute)) && member is not Type { Name: ['<', ..] })
            .Select(member => $"  {Member(member)}")
            .Order(StringComparer.Ordinal);
        foreach (string member in members)
        {
            yield return member;
        }
    }

    /// <summary>What the compiler keeps of an extension block beside its members: no user can write these names.</summary>
    private static bool IsOfCompiler(Type type) => type.Name.StartsWith('<') || type.DeclaringType is { } outer && IsOfCompiler(outer);

    private static string Head(Type type)
    {
        bool isRecord = type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly) is not null;
        string kind = type switch
        {
            { IsEnum: true } => $"enum {Enum.GetUnderlyingType(type).Name}",
            { IsInterface: true } => "interface",
            _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
            { IsValueType: true } => (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (isRecord ? "record struct" : "struct"),
            _ => (type.IsAbstract ? type.IsSealed ? "static " : "abstract " : type.IsSealed ? "sealed " : "open ") + (isRecord ? "record" : "class"),
        };
        Type[] inherited = type.BaseType?.GetInterfaces() ?? [];
        string[] stands =
        [
            .. type is { IsClass: true, BaseType: { } parent } && parent != typeof(object) && parent != typeof(MulticastDelegate) ? new[] { Name(parent) } : [],
            .. type.GetInterfaces().Where(_ => !type.IsEnum).Except(inherited).Select(Name).Order(StringComparer.Ordinal),
        ];
        return $"{type.Namespace}.{Name(type)}: {kind}{(stands.Length > 0 ? " of " + string.Join(", ", stands) : "")}{Constraints(type.GetGenericArguments())}";
    }

    private static string Member(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"{Access(constructor)}new({Parameters(constructor)})",
        MethodInfo method => Method(method),
        PropertyInfo property => Property(property),
        FieldInfo { IsLiteral: true } field => $"const {Name(field.FieldType)} {field.Name} = {Convert.ToString(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}",
        FieldInfo field => $"{(field.IsFamily ? "protected " : "")}{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{Name(Nullability.Create(field), field.FieldType)} {field.Name}",
        EventInfo happening => $"event {Name(happening.EventHandlerType!)} {happening.Name}",
        Type nested => $"type {nested.Name}",
        _ => member.ToString()!,
    };

    private static string Method(MethodInfo method) =>
        $"{Access(method)}{Name(Nullability.Create(method.ReturnParameter), method.ReturnType)} {method.Name}{Arguments(method.GetGenericArguments())}({Parameters(method)}){Constraints(method.GetGenericArguments())}";

    private static string Property(PropertyInfo property)
    {
        MethodInfo[] accessors = [.. property.GetAccessors(nonPublic: true).Where(IsVisible)];
        MethodInfo? set = property.SetMethod is { } own && IsVisible(own) ? own : null;
        bool isInit = set is not null && set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
        string required = property.GetCustomAttributesData().Any(attribute => attribute.AttributeType.Name == "RequiredMemberAttribute") ? "required " : "";
        string name = property.GetIndexParameters() is { Length: > 0 } ? $"this[{Parameters(accessors[0])}]" : property.Name;
        string get = property.GetMethod is { } getter && IsVisible(getter) ? "get; " : "";
        return $"{Access(accessors[0])}{required}{Name(Nullability.Create(property), property.PropertyType)} {name} {{ {get}{(set is null ? "" : (set.IsFamily && !accessors[0].IsFamily ? "protected " : "") + (isInit ? "init; " : "set; "))}}}";
    }

    private static string Access(MethodBase method)
    {
        string access = method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "";
        if (method.IsStatic)
        {
            return access + "static ";
        }

        bool isOverride = method is MethodInfo own && own.GetBaseDefinition() != own;
        return access + (isOverride ? method.IsFinal ? "sealed override " : "override "
            : method.IsAbstract && !method.DeclaringType!.IsInterface ? "abstract "
            : method.IsVirtual && !method.IsFinal && !method.DeclaringType!.IsInterface ? "virtual " : "");
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : "")
        + (parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : "")
        + $"{Name(Nullability.Create(parameter), parameter.ParameterType)} {parameter.Name}"
        + (parameter.HasDefaultValue ? $" = {Default(parameter)}" : "")));

    private static string Default(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null => parameter.ParameterType.IsValueType && System.Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : "null",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        { } value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Constraints(Type[] arguments) => string.Concat(arguments
        .Where(argument => argument.IsGenericParameter)
        .Select(argument => (argument, argument.GetGenericParameterConstraints(), argument.GenericParameterAttributes & GenericParameterAttributes.SpecialConstraintMask))
        .Where(entry => entry.Item2.Length > 0 || entry.Item3 != 0)
        .Select(entry => $" where {entry.argument.Name}: {string.Join(", ", [.. entry.Item2.Select(Name), .. entry.Item3 == 0 ? Array.Empty<string>() : [$"{entry.Item3}"]])}"));

    private static string Arguments(Type[] arguments) => arguments.Length > 0 ? $"<{string.Join(", ", arguments.Select(Name))}>" : "";

    private static string Name(Type type) => Name(null, type);

    private static string Name(NullabilityInfo? nullability, Type type)
    {
        if (type.IsByRef)
        {
            return Name(nullability?.ElementType ?? nullability, type.GetElementType()!);
        }

        if (System.Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value) + "?";
        }

        string mark = nullability is { ReadState: NullabilityState.Nullable } && !type.IsValueType ? "?" : "";
        if (type.IsArray)
        {
            return $"{Name(nullability?.ElementType, type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        }

        string plain = Keywords.GetValueOrDefault(type) ?? (type.IsNested && !type.IsGenericParameter ? $"{type.DeclaringType!.Name}.{type.Name}" : type.Name);
        Type[] arguments = type.GetGenericArguments();
        NullabilityInfo[] inner = nullability?.GenericTypeArguments ?? [];
        return (plain.Contains('`', StringComparison.Ordinal) ? plain[..plain.IndexOf('`', StringComparison.Ordinal)] : plain)
            + (arguments.Length > 0 ? $"<{string.Join(", ", arguments.Select((argument, place) => Name(place < inner.Length ? inner[place] : null, argument)))}>" : "")
            + mark;
    }

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldInfo field => (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !field.IsSpecialName,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisible),
        EventInfo happening => IsVisible(happening.AddMethod!),
        Type nested => nested.IsNestedPublic || nested.IsNestedFamily || nested.IsNestedFamORAssem,
        _ => true,
    };
}
