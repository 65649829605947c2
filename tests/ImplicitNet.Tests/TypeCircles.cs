namespace ImplicitNet.Tests;

/// <summary>Types that use each other in a circle: the strongly connected parts of the graph of uses, by Tarjan's algorithm (1972).</summary>
internal static class TypeCircles
{
    public static IReadOnlyList<IReadOnlyList<Type>> Of(IEnumerable<(Type User, Type Used)> uses)
    {
        ILookup<Type, Type> used = uses.ToLookup(use => use.User, use => use.Used);
        Dictionary<Type, int> numbers = [], lowest = [];
        Stack<Type> open = [];
        List<IReadOnlyList<Type>> circles = [];
        foreach (Type type in used.Select(group => group.Key).Where(type => !numbers.ContainsKey(type)))
        {
            Visit(type);
        }

        return circles;

        void Visit(Type type)
        {
            lowest[type] = numbers[type] = numbers.Count;
            open.Push(type);
            foreach (Type next in used[type])
            {
                if (!numbers.ContainsKey(next))
                {
                    Visit(next);
                }

                if (open.Contains(next))
                {
                    lowest[type] = Math.Min(lowest[type], lowest[next]);
                }
            }

            if (lowest[type] < numbers[type])
            {
                return;
            }

            List<Type> circle = [];
            do
            {
                circle.Add(open.Pop());
            }
            while (circle[^1] != type);
            if (circle.Count > 1)
            {
                circles.Add(circle);
            }
        }
    }
}
