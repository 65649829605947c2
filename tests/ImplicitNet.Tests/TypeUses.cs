using System.Reflection;
using System.Reflection.Emit;

namespace ImplicitNet.Tests;

/// <summary>
/// Which types of ours the types of an assembly use, read from what was compiled: signatures, fields, bases, attributes, local variables and
/// every instruction. Constants leave no trace there. What the compiler makes for a type, and what is nested in it, counts as that type.
/// </summary>
internal static class TypeUses
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    /// <summary>Pairs of a type and another that it uses, both of ours, without repetition.</summary>
    public static IReadOnlyCollection<(Type User, Type Used)> Of(Assembly assembly)
    {
        HashSet<(Type, Type)> uses = [];
        foreach (Type type in assembly.GetTypes())
        {
            HashSet<Type> used = [];
            AddAll(used, type);
            Type user = Outermost(type);
            uses.UnionWith(used.Select(Outermost).Where(other => other != user && IsOurs(other)).Select(other => (user, other)));
        }

        return uses;
    }

    /// <summary>A type, or the one that it is nested in.</summary>
    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static bool IsOurs(Type type) => type.Namespace?.StartsWith("ImplicitNet", StringComparison.Ordinal) == true;

    private static void AddAll(HashSet<Type> used, Type type)
    {
        Add(used, type.BaseType);
        Array.ForEach(type.GetInterfaces(), one => Add(used, one));
        AddAttributes(used, type);
        foreach (MemberInfo member in type.GetMembers(All))
        {
            AddAttributes(used, member);
            AddSignature(used, member);
            if (member is MethodBase method && method.GetMethodBody() is { } body)
            {
                foreach (LocalVariableInfo variable in body.LocalVariables)
                {
                    Add(used, variable.LocalType);
                }

                foreach (ExceptionHandlingClause clause in body.ExceptionHandlingClauses.Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause))
                {
                    Add(used, clause.CatchType);
                }

                AddInstructions(used, method, body.GetILAsByteArray()!);
            }
        }
    }

    private static void AddAttributes(HashSet<Type> used, MemberInfo member)
    {
        foreach (CustomAttributeData attribute in member.GetCustomAttributesData())
        {
            Add(used, attribute.AttributeType);
            foreach (CustomAttributeTypedArgument argument in attribute.ConstructorArguments)
            {
                Add(used, argument.Value as Type);
            }
        }
    }

    private static void AddInstructions(HashSet<Type> used, MethodBase method, byte[] code)
    {
        Type[]? typeArguments = method.DeclaringType is { IsGenericType: true } generic ? generic.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int place = 0; place < code.Length;)
        {
            short value = code[place++];
            OpCode operation = Codes[value == 0xFE ? (short)((value << 8) | code[place++]) : value];
            switch (operation.OperandType)
            {
                case OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok:
                    MemberInfo member = method.Module.ResolveMember(BitConverter.ToInt32(code, place), typeArguments, methodArguments)!;
                    Add(used, member as Type ?? member.DeclaringType);
                    AddSignature(used, member);
                    place += 4;
                    break;
                case OperandType.InlineSwitch:
                    place += 4 + (4 * BitConverter.ToInt32(code, place));
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    place += 8;
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    place++;
                    break;
                case OperandType.InlineVar:
                    place += 2;
                    break;
                default:
                    place += 4;
                    break;
            }
        }
    }

    private static void AddSignature(HashSet<Type> used, MemberInfo member)
    {
        switch (member)
        {
            case FieldInfo field:
                Add(used, field.FieldType);
                break;
            case MethodBase method:
                Add(used, (method as MethodInfo)?.ReturnType);
                Array.ForEach(method.GetParameters(), parameter => Add(used, parameter.ParameterType));
                Array.ForEach(method is { IsGenericMethod: true } ? method.GetGenericArguments() : [], argument => Add(used, argument));
                break;
        }
    }

    private static void Add(HashSet<Type> used, Type? type)
    {
        if (type is null)
        {
            return;
        }

        if (type.HasElementType)
        {
            Add(used, type.GetElementType());
        }
        else if (type.IsGenericParameter)
        {
            foreach (Type constraint in type.GetGenericParameterConstraints().Where(constraint => !constraint.IsGenericType))
            {
                Add(used, constraint);
            }
        }
        else
        {
            used.Add(type.IsGenericType ? type.GetGenericTypeDefinition() : type);
            Array.ForEach(type.GenericTypeArguments, argument => Add(used, argument));
        }
    }
}
