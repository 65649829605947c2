Console.WriteLine("implicitnet");
