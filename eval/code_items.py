"""The code items of eval/make_suites.py: what is asked, a reference solution, and its tests as plain assert lines."""

CODE = """
add(a, b) that returns the sum of a and b
def add(a, b):
    return a + b
assert add(2, 3) == 5
assert add(-1, 1) == 0

is_even(n) that returns True when n is even, else False
def is_even(n):
    return n % 2 == 0
assert is_even(4) is True
assert is_even(7) is False
assert is_even(0) is True

largest(a, b) that returns the larger of two numbers
def largest(a, b):
    return max(a, b)
assert largest(2, 9) == 9
assert largest(5, -3) == 5

reverse_text(s) that returns the string s backwards
def reverse_text(s):
    return s[::-1]
assert reverse_text("abc") == "cba"
assert reverse_text("") == ""

first_letter(word) that returns the first letter of a word
def first_letter(word):
    return word[0]
assert first_letter("tree") == "t"
assert first_letter("Zoo") == "Z"

count_vowels(s) that returns how many of the letters a, e, i, o, u are in s
def count_vowels(s):
    return sum(c in "aeiou" for c in s)
assert count_vowels("banana") == 3
assert count_vowels("xyz") == 0

factorial(n) that returns n! for n of at least 0
def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)
assert factorial(0) == 1
assert factorial(5) == 120

square(x) that returns x times x
def square(x):
    return x * x
assert square(4) == 16
assert square(-3) == 9

last(items) that returns the last item of a list
def last(items):
    return items[-1]
assert last([1, 2, 3]) == 3
assert last(["a"]) == "a"

total(numbers) that returns the sum of a list of numbers
def total(numbers):
    return sum(numbers)
assert total([1, 2, 3]) == 6
assert total([]) == 0

is_palindrome(s) that returns True when s reads the same backwards
def is_palindrome(s):
    return s == s[::-1]
assert is_palindrome("level") is True
assert is_palindrome("house") is False

celsius_to_fahrenheit(c) that converts degrees Celsius to Fahrenheit
def celsius_to_fahrenheit(c):
    return c * 9 / 5 + 32
assert celsius_to_fahrenheit(0) == 32
assert celsius_to_fahrenheit(100) == 212

double_all(numbers) that returns a list with every number doubled
def double_all(numbers):
    return [2 * n for n in numbers]
assert double_all([1, 2]) == [2, 4]
assert double_all([]) == []

count_words(s) that returns how many words are in s
def count_words(s):
    return len(s.split())
assert count_words("one two three") == 3
assert count_words("") == 0

average(numbers) that returns the mean of a list of numbers
def average(numbers):
    return sum(numbers) / len(numbers)
assert average([2, 4]) == 3
assert average([5]) == 5

absolute(x) that returns x without its sign
def absolute(x):
    return x if x >= 0 else -x
assert absolute(-7) == 7
assert absolute(7) == 7
assert absolute(0) == 0

power(base, exponent) that returns base to the power of exponent
def power(base, exponent):
    return base ** exponent
assert power(2, 10) == 1024
assert power(5, 0) == 1

unique(items) that returns a list without repeated items, in order
def unique(items):
    return list(dict.fromkeys(items))
assert unique([1, 2, 1, 3, 2]) == [1, 2, 3]
assert unique([]) == []

is_prime(n) that returns True when n is a prime number, else False
def is_prime(n):
    return n > 1 and all(n % d for d in range(2, n))
assert is_prime(7) is True
assert is_prime(9) is False
assert is_prime(1) is False

greet(name) that returns "Hello, " followed by the name
def greet(name):
    return "Hello, " + name
assert greet("Ann") == "Hello, Ann"
assert greet("") == "Hello, "

fibonacci(n) that returns the n-th Fibonacci number, with fibonacci(0) == 0 and fibonacci(1) == 1
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
assert fibonacci(0) == 0
assert fibonacci(1) == 1
assert fibonacci(10) == 55

gcd(a, b) that returns the greatest common divisor of a and b
def gcd(a, b):
    return a if b == 0 else gcd(b, a % b)
assert gcd(12, 18) == 6
assert gcd(7, 5) == 1

capitalize_words(s) that returns s with every word starting with a capital letter
def capitalize_words(s):
    return " ".join(w[:1].upper() + w[1:] for w in s.split(" "))
assert capitalize_words("good morning") == "Good Morning"
assert capitalize_words("a") == "A"

evens(numbers) that returns a list of the even numbers
def evens(numbers):
    return [n for n in numbers if n % 2 == 0]
assert evens([1, 2, 3, 4]) == [2, 4]
assert evens([1]) == []
"""
